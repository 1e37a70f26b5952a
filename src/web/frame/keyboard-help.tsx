import { Modal } from "antd";
import { overlayRoom } from "../look.tsx";
import { useText } from "../preferences.tsx";

/** All keys, by `?`. */
export function KeyboardHelp({ open, onClose }: { open: boolean; onClose: () => void }) {
  const t = useText();
  const rows = [
    [["/"], t.keys.search],
    [["j"], t.keys.next],
    [["k"], t.keys.previous],
    [["Enter"], t.keys.open],
    [["a"], t.keys.note],
    [["r"], t.keys.release],
    [["Space"], t.keys.play],
    [["Esc"], t.keys.close],
    [["1", "…", "9"], t.keys.go],
    [["?"], t.keys.help],
  ] as const;
  return (
    <Modal open={open} onCancel={onClose} footer={null} title={t.keys.title} width={420} getContainer={overlayRoom}>
      <table className="keys">
        <tbody>
          {rows.map(([keys, does]) => (
            <tr key={does}>
              <th scope="row">
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </th>
              <td>{does}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Modal>
  );
}
