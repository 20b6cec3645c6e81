/* Where the focus goes when the page changes, so that it is never lost and the next key does something. */
(() => {
  const { byId, moment, settled } = arenaPage;
  const box = () => byId("prompt")?.querySelector("textarea");
  const isLost = () => document.activeElement === null || document.activeElement === document.body;
  const isOnStop = () => document.activeElement === byId("stop");
  const isFine = () => matchMedia("(pointer: fine)").matches;
  const focus = (node) => node?.focus({ preventScroll: true });

  let shown = "idle";
  settled.push(() => {
    const { state } = moment();
    const votes = byId("votes");
    if (votes && !votes.hasAttribute("tabindex")) {
      votes.tabIndex = -1;
      votes.setAttribute("role", "group");
      votes.setAttribute("aria-labelledby", "vote-hint");
    }
    if (state === shown || (state !== "idle" && !byId("turn"))) return;
    const was = shown;
    shown = state;
    if (state === "open" && isLost()) focus(byId("stop"));
    /* A desktop votes with keys: the focus leaves a prompt box in which nothing was typed since it was sent. */
    else if (state === "votable" && was === "open" && isFine() && (isLost() || isOnStop() || isIdleBox())) focus(votes ?? box());
    else if (state === "voted" || state === "void") focus(byId("next"));
    else if (state === "idle" && isFine()) focus(box());
  });
  const isIdleBox = () => document.activeElement === box() && box().value === "";
})();
