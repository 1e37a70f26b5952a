import { unstableSetRender } from "antd-mobile";
import { createRoot } from "react-dom/client";

/** antd-mobile 5 renders toasts and questions as React 18 did, which React 19 does not have: without this they throw. */
export function renderDialogs(): void {
  unstableSetRender((node, container) => {
    const root = createRoot(container);
    root.render(node);
    return async () => {
      // React may be rendering when the last animation ends; a root is not unmounted in the midst of that.
      await Promise.resolve();
      root.unmount();
    };
  });
}
