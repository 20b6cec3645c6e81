/* A second tab follows what the first one did. Each page of a browser tells the others which moment it shows; a page
that shows another one asks the server, as if it had been reloaded, once it is in view. What another browser with
the same cookie did is noticed when the visitor comes back to the page: then the number of the visitor's last step
differs from the one when they went. */
(() => {
  const { byId, moment, settled } = arenaPage;
  const channel = new BroadcastChannel("arena " + location.pathname);
  const key = () => {
    const { battle, turn, state } = moment();
    if (state !== "idle") return `${battle} ${turn} ${state}`;
    return byId("cancel") ? "held" : "idle"; /* a prompt waits for the models */
  };
  let shown = "idle";
  let isBehind = false;
  let isListening = false; /* Gradio takes clicks: the server has enabled #send or shown a battle */
  const catchUp = () => {
    if (!isBehind || document.hidden || !isListening) return;
    isBehind = false;
    byId("refresh")?.click();
  };
  channel.addEventListener("message", (event) => {
    isBehind = event.data !== key();
    catchUp();
  });

  const lastStep = async () => {
    try {
      const answer = await fetch("pulse", { cache: "no-store" });
      return answer.ok ? await answer.text() : null;
    } catch {
      return null;
    }
  };
  let left = null; /* the number of the last step when the visitor went, while they are away */
  const goAway = () => {
    left ??= lastStep();
  };
  const comeBack = async () => {
    catchUp();
    const before = await left;
    left = null;
    if (before === null || moment().state === "voted") return; /* nothing follows a vote but what this page has */
    const now = await lastStep();
    if (now === null || now === before || left !== null) return;
    isBehind = true;
    catchUp();
  };
  addEventListener("blur", goAway);
  addEventListener("focus", comeBack);
  document.addEventListener("visibilitychange", () => (document.hidden ? goAway() : comeBack()));
  settled.push(() => {
    const now = key();
    if (now !== shown) {
      shown = now;
      isBehind = false;
      channel.postMessage(now);
    }
    if (!isListening && (moment().state !== "idle" || byId("send")?.disabled === false)) {
      isListening = true;
      catchUp();
    }
  });
})();
