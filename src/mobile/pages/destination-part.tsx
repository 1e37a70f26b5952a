import { Button, Input } from "antd-mobile";
import { useEffect, useState } from "react";
import type { DriverDestination, DriverView, PlaceChoice } from "../../model/driver.ts";
import { ApiError, get, send } from "../../web/api/client.ts";
import { useLanguage } from "../language.tsx";
import { findPosition } from "../parts/position.ts";

interface DestinationProps {
  view: DriverView;
  path: string;
  onChange: (view: DriverView) => void;
}

/** Where I am going: the people of that place look after my vehicle. Chosen step by step, or where the phone is. */
export function DestinationPart({ view, path, onChange }: DestinationProps) {
  const { t } = useLanguage();
  const [isOpen, setOpen] = useState(false);
  const { destination, mayDeclare } = view;
  if (!mayDeclare && destination === null) return null;
  return (
    <section>
      <h2>{t.driver.where}</h2>
      {destination === null ? (
        <p>{t.driver.whereHint}</p>
      ) : (
        <p>
          <strong>{destination.text}</strong>
          <br />
          {t.driver.saidBy(destination.by[t.language])}
        </p>
      )}
      {!mayDeclare ? null : isOpen ? (
        <Choice
          path={path}
          onDone={(after) => {
            onChange(after);
            setOpen(false);
          }}
        />
      ) : (
        <Button block size="large" onClick={() => setOpen(true)}>
          {destination === null ? t.driver.sayWhere : t.driver.changeWhere}
        </Button>
      )}
    </section>
  );
}

function Choice({ path, onDone }: { path: string; onDone: (view: DriverView) => void }) {
  const { t } = useLanguage();
  const [chosen, setChosen] = useState<PlaceChoice[]>([]);
  const [below, setBelow] = useState<PlaceChoice[] | null>(null);
  const [address, setAddress] = useState("");
  const [failure, setFailure] = useState<string | null>(null);
  const last = chosen.at(-1);
  const fail = (error: unknown): void =>
    setFailure(error instanceof ApiError && error.status !== 0 ? error.sentence[t.language] : t.states.unreachable);

  useEffect(() => {
    if (last?.hasBelow === false) {
      setBelow([]);
      return;
    }
    setBelow(null);
    get<{ items: PlaceChoice[] }>(`${path}/places`, last === undefined ? {} : { parent: last.id }).then(
      ({ items }) => setBelow(items),
      fail,
    );
    // `fail` is made anew at every showing.
  }, [path, last?.id]);

  const say = async (destination: DriverDestination): Promise<void> => {
    try {
      onDone(await send<DriverView>("POST", `${path}/arrival`, destination));
    } catch (error) {
      fail(error);
    }
  };
  const here = async (): Promise<void> => {
    const found = await findPosition().catch(() => null);
    if (found === null) {
      setFailure(t.form.positionFailed);
      return;
    }
    await say({ lon: found.lon, lat: found.lat, address: address.trim() === "" ? t.driver.hereText : address.trim() });
  };
  return (
    <div className="sheet destination">
      <Button block size="large" onClick={() => void here()}>
        {t.driver.here}
      </Button>
      <p>{[t.driver.orChoose, ...chosen.map(({ name }) => name)].join(" › ")}</p>
      {below === null ? <p className="phone-note">{t.states.loading}…</p> : null}
      <div className="destination-places">
        {below?.map((place) => (
          <Button key={place.id} onClick={() => setChosen([...chosen, place])}>
            {place.name}
          </Button>
        ))}
      </div>
      {last === undefined ? null : (
        <>
          <label>
            <span>
              {t.driver.address} ({t.form.optional})
            </span>
            <Input maxLength={200} value={address} onChange={setAddress} />
          </label>
          <Button
            block
            color="primary"
            size="large"
            onClick={() => void say({ place: last.id, ...(address.trim() === "" ? {} : { address: address.trim() }) })}
          >
            {t.driver.goingTo(last.name)}
          </Button>
          <Button block fill="none" onClick={() => setChosen(chosen.slice(0, -1))}>
            {t.task.back}
          </Button>
        </>
      )}
      {failure === null ? null : (
        <p className="phone-failed" role="alert">
          {failure}
        </p>
      )}
    </div>
  );
}
