/* A phone shows one side at a time: body[data-side]. body[data-seen] lists the sides that were in view. */
(() => {
  const { byId, isPhone, settled } = arenaPage;
  const SWIPE_PX = 60;
  const show = (side) => {
    const body = document.body;
    const seen = body.dataset.seen || "";
    if (body.dataset.side !== side) body.dataset.side = side;
    if (!seen.includes(side)) body.dataset.seen = seen + side;
    for (const one of ["a", "b"]) byId("side-" + one)?.setAttribute("aria-pressed", String(one === side));
    dispatchEvent(new Event("sideshown"));
  };
  document.addEventListener("click", (event) => {
    const side = event.target.closest("#side-a, #side-b");
    if (side) show(side.id.slice(-1));
  });

  /* A swipe over an answer changes the side, unless it scrolls a wide table or code. */
  let from = null;
  addEventListener("touchstart", (event) => {
    const touch = event.touches.length === 1 && event.target.closest("#duel, #history") && event.touches[0];
    const isWide = (node) => node.scrollWidth > node.clientWidth + 1;
    const scrolls = touch && event.composedPath().some((node) => node.matches?.(".answer *") && isWide(node));
    from = touch && !scrolls ? { x: touch.clientX, y: touch.clientY } : null;
  }, { passive: true });
  addEventListener("touchend", (event) => {
    if (!from || !isPhone()) return;
    const dx = event.changedTouches[0].clientX - from.x;
    const dy = event.changedTouches[0].clientY - from.y;
    from = null;
    if (Math.abs(dx) > SWIPE_PX && Math.abs(dx) > 2 * Math.abs(dy)) show(dx < 0 ? "b" : "a");
  }, { passive: true });

  let hadDuel = false;
  settled.push(() => {
    const hasDuel = byId("duel") !== null;
    if (hasDuel && !hadDuel) {
      document.body.dataset.seen = "";
      show("a");
    }
    hadDuel = hasDuel;
  });
})();
