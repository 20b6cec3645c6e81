/* Where the page stands. While the newest turn is written, the window follows it, until the reader scrolls away; then
#jump leads back. A short side stays in view beside a long one, and a long prompt can be folded. */
(() => {
  const { byId, moment, settled } = arenaPage;
  const NEAR_PX = 80;
  const root = () => document.scrollingElement;
  const below = () => root().scrollHeight - innerHeight - scrollY;
  let isFollowing = false;
  let lastY = 0;
  let lastHeight = 0;
  const scrollTo = (top) => {
    scroll({ top, behavior: "instant" });
    lastY = scrollY;
    lastHeight = root().scrollHeight;
  };
  const toEnd = () => scrollTo(root().scrollHeight);
  const toTurn = () => scrollTo(Math.max(0, byId("turn").getBoundingClientRect().top + scrollY - 8));
  const follow = (on) => {
    isFollowing = on;
    mark();
  };
  const mark = () => {
    const turn = byId("turn");
    const isAway = turn !== null && !isFollowing && below() > 2 * NEAR_PX && !isNewestShown(turn);
    document.body.classList.toggle("is-away", isAway);
  };
  /* Whether the reader sees the newest turn, or, while it is written, its end. */
  const isNewestShown = (turn) => moment().state !== "open" && turn.getBoundingClientRect().top < innerHeight / 2;

  /* Only a reader scrolls away: the page itself moves too, when turns above get their height. */
  const HAND_MS = 500;
  let moved = 0;
  let isHeld = false; /* the page stands at its end because it went there by itself */
  const hand = (at = performance.now()) => {
    moved = at;
    isHeld = false;
  };
  for (const name of ["wheel", "touchmove", "keydown"]) addEventListener(name, () => hand(), { passive: true });
  addEventListener("pointerdown", (event) => event.target === document.documentElement && hand(Infinity));
  addEventListener("pointermove", (event) => moved === Infinity && event.buttons === 0 && hand());
  addEventListener("wheel", (event) => event.deltaY < 0 && follow(false), { passive: true });
  addEventListener("scroll", () => {
    const isUp = scrollY < lastY - 2;
    const isLeap = lastY - scrollY > innerHeight / 2 && root().scrollHeight >= lastHeight; /* by a tool or a link */
    lastY = scrollY;
    lastHeight = root().scrollHeight;
    if (isLeap) isHeld = false;
    if (performance.now() - moved < HAND_MS || isLeap) {
      if (isUp && below() > NEAR_PX) isFollowing = false;
      else if (moment().state === "open" && below() < NEAR_PX / 2) isFollowing = true;
    }
    mark();
  }, { passive: true });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#jump")) return;
    const isOpen = moment().state === "open";
    if (isOpen) toEnd();
    else toTurn();
    follow(isOpen);
    byId("prompt")?.querySelector("textarea")?.focus({ preventScroll: true });
  });

  /* The head and the dock cover the window's edges; `.stay` and an earlier answer stick between them. */
  const stick = (node) => {
    const pane = node.parentElement;
    const head = pane.firstElementChild.offsetHeight;
    const dock = byId("dock")?.offsetHeight ?? 0;
    const top = Math.min(head, innerHeight - dock - node.offsetHeight - 8);
    if (node.style.top !== `${top}px`) node.style.top = `${top}px`;
  };
  const stickAll = () => document.querySelectorAll(".stay, .side > .answer").forEach(stick);

  const fold = (asked) => {
    const text = asked.querySelector(".text");
    const isOpen = asked.classList.contains("is-open");
    if (!isOpen) asked.classList.toggle("is-long", text.scrollHeight > text.clientHeight + 2);
    const handle = asked.querySelector(".fold");
    handle.type = "button";
    handle.setAttribute("aria-expanded", String(isOpen));
  };
  document.addEventListener("click", (event) => {
    const handle = event.target.closest(".asked .fold");
    if (!handle) return;
    handle.parentElement.classList.toggle("is-open");
    [handle.title, handle.textContent] = [handle.textContent, handle.title];
    fold(handle.parentElement);
  });
  addEventListener("resize", () => {
    document.querySelectorAll(".asked").forEach(fold);
    stickAll();
  });
  addEventListener("sideshown", stickAll);

  document.addEventListener("toggle", (event) => {
    if (!event.target.open || !event.target.matches?.("#battle details")) return;
    const hidden = event.target.getBoundingClientRect().bottom - byId("dock").getBoundingClientRect().top;
    if (hidden > 0) scrollTo(scrollY + hidden + 8);
  }, { capture: true });

  /* An earlier turn gets its height when it is drawn, which may be after the newest one has ended. */
  const heights = new ResizeObserver(() => isHeld && toEnd());
  let watched = null;

  let shown = { state: "idle" };
  let n_turns = 0;
  settled.push(() => {
    const now = moment();
    if (now.state !== "idle" && !byId("turn")) return; /* Gradio is still making its elements */
    const isNew = now.state !== "idle" && (now.battle !== shown.battle || now.turn !== shown.turn);
    if (byId("history") !== watched) {
      watched = byId("history");
      heights.disconnect();
      if (watched) heights.observe(watched);
    }
    const earlier = document.querySelectorAll("#history .turn").length;
    document.querySelectorAll(".asked:not(:has(.fold[aria-expanded]))").forEach(fold);
    const isBegun = isNew || (now.state === "open" && shown.state !== "open"); /* or asked again */
    if (isBegun) {
      toTurn();
      isFollowing = now.state === "open";
    }
    if (earlier !== n_turns || isNew) stickAll();
    else document.querySelectorAll(".stay").forEach(stick);
    n_turns = earlier;
    if (isFollowing && now.state !== "idle") {
      toEnd();
      isHeld = true;
      if (now.state !== "open" && now.state === shown.state) isFollowing = false; /* the end has been shown */
    }
    if (now.state === "idle" && shown.state !== "idle") scrollTo(0);
    shown = now;
    mark();
  });
})();
