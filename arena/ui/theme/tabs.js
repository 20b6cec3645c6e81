/* A second tab follows what the first one did. Each page of a browser tells the others which moment it shows; a page
that shows another one asks the server, as if it had been reloaded, once it is in view. */
(() => {
  const { byId, moment, settled } = arenaPage;
  const channel = new BroadcastChannel("arena " + location.pathname);
  const key = () => {
    const { battle, turn, state } = moment();
    return state === "idle" ? "idle" : `${battle} ${turn} ${state}`;
  };
  let shown = "idle";
  let isBehind = false;
  const catchUp = () => {
    if (!isBehind || document.hidden || byId("send")?.disabled) return;
    isBehind = false;
    byId("refresh")?.click();
  };
  channel.addEventListener("message", (event) => {
    isBehind = event.data !== key();
    catchUp();
  });
  document.addEventListener("visibilitychange", catchUp);
  settled.push(() => {
    const now = key();
    if (now === shown) return;
    shown = now;
    isBehind = false;
    channel.postMessage(now);
  });
})();
