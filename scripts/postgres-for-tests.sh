#!/usr/bin/env bash
# Starts a PostgreSQL server of its own for tests and prints its address for DATABASE_URL_TEST:
#   export DATABASE_URL_TEST=$(scripts/postgres-for-tests.sh start FOLDER [PORT])
#   scripts/postgres-for-tests.sh stop FOLDER
# Debian's postgresql is enough (`apt install postgresql`). The folder is made; nothing in it is worth keeping.
set -euo pipefail
action=$1
folder=$2
port=${3:-54329}
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
bin=${bin:-$(dirname "$(command -v pg_ctl)")}

# PostgreSQL refuses to run as root.
as_owner() { if [ "$(id -u)" = 0 ]; then setpriv --reuid postgres --regid postgres --clear-groups "$@"; else "$@"; fi; }

case $action in
  start)
    mkdir -p "$folder"
    [ "$(id -u)" != 0 ] || chown postgres: "$folder"
    cd "$folder"
    [ -d "$folder/data" ] || as_owner "$bin/initdb" -D "$folder/data" -A trust -U postgres --no-sync -E UTF8 --locale=C.UTF-8 >/dev/null
    as_owner "$bin/pg_ctl" -D "$folder/data" -w -s -l "$folder/log" \
      -o "-k $folder -p $port -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=300 -c shared_buffers=512MB" start >/dev/null </dev/null
    echo "postgres://postgres@127.0.0.1:$port/postgres"
    ;;
  stop) as_owner "$bin/pg_ctl" -D "$folder/data" -w -s -m immediate stop ;;
  *) sed -n '2,5p' "$0"; exit 2 ;;
esac
