/**
 * A lock or an exposure changes only together with the event that tells it, in one transaction: as the ledger writes it, and
 * nothing else does. This holds for every role, the program's own and an administrator of the database included; what
 * retention deletes has ended before. It is no wall against an owner who takes triggers away: what was told and what stands
 * then differ, and the event is what streams, cases and reports have read.
 */
export const toldFindings = `
create function refuse_untold() returns trigger language plpgsql as $$
declare
  name text := coalesce(new.id, old.id);
begin
  if not exists (select 1 from event where event.id = name and event.xmin = pg_current_xact_id()::xid) then
    raise exception 'no hand on the scale: % % was changed without its finding', tg_table_name, name
      using errcode = 'restrict_violation';
  end if;
  return null;
end $$;

create constraint trigger lock_told after insert or update on lock
  deferrable initially deferred for each row execute function refuse_untold();
create constraint trigger lock_removal_told after delete on lock
  deferrable initially deferred for each row when (old.state in ('live', 'review')) execute function refuse_untold();
create constraint trigger exposure_told after insert on exposure
  deferrable initially deferred for each row execute function refuse_untold();
`;
