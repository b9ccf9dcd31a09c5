// Unpack the data, then let mouse, fingers and keys move the map.

async function unpack() {
  const packed = atob(el("packed").textContent.trim());
  const bytes = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}

function listen(view, panel) {
  const canvas = view.names;
  const fingers = new Map();
  let moved = 0;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * view.ratio, (event.clientY - box.top) * view.ratio];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, place(event));
    canvas.classList.add("held");
    if (fingers.size === 1) moved = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = place(event);
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (fingers.size === 1) view.pan(now[0] - before[0], now[1] - before[1]);
    else pinch(view, fingers, event.pointerId, now);
    fingers.set(event.pointerId, now);
  });
  const release = (event) => {
    fingers.delete(event.pointerId);
    canvas.classList.remove("held");
  };
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, release);
  // Not when the finger is lifted: the page scrolls then, and the click would hit what came there.
  canvas.addEventListener("click", (event) => {
    if (moved <= 6 * view.ratio) panel.show(view.nearest(...place(event), 14 * view.ratio), false);
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      view.zoom(Math.exp(-event.deltaY * 0.0015), ...place(event));
    },
    { passive: false },
  );
  canvas.addEventListener("keydown", (event) => keys(view, panel, event));
  el("zoom-in").addEventListener("click", () => view.zoom(1.5));
  el("zoom-out").addEventListener("click", () => view.zoom(1 / 1.5));
  el("whole").addEventListener("click", () => view.whole());
}

function pinch(view, fingers, id, now) {
  const other = [...fingers].find(([key]) => key !== id)[1];
  const before = fingers.get(id);
  const was = Math.hypot(before[0] - other[0], before[1] - other[1]);
  const is = Math.hypot(now[0] - other[0], now[1] - other[1]);
  if (was > 0) view.zoom(is / was, (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
}

function keys(view, panel, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const step = 60 * view.ratio;
  const act = {
    ArrowLeft: () => view.pan(step, 0),
    ArrowRight: () => view.pan(-step, 0),
    ArrowUp: () => view.pan(0, step),
    ArrowDown: () => view.pan(0, -step),
    "+": () => view.zoom(1.5),
    ";": () => view.zoom(1.5),
    "-": () => view.zoom(1 / 1.5),
    0: () => view.whole(),
    Enter: () => panel.show(view.nearest(view.width / 2, view.height / 2, Infinity), false),
    Escape: () => panel.show(-1, false),
  }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

async function start() {
  if (typeof DecompressionStream === "undefined") throw new Error("old browser");
  const data = await unpack();
  el("main").hidden = false;
  const view = new View(data, el("frame"), el("dots"), el("names"));
  const panel = new Panel(data, view);
  listen(view, panel);
  // For the measurement of how smoothly the map moves.
  document.documentElement.dataset.ready = String(view.count);
  window.opinionMap = view;
}

start().catch(() => {
  el("problem").hidden = false;
  el("problem").textContent =
    "地図を開けませんでした。EdgeやChromeの新しい版で開き直してください。結果表（xlsx）でも同じ内容をご覧いただけます。";
});
