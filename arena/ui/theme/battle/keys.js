/* Keys and clicks of a battle page. A vote has a key. The buttons are disabled until Gradio listens (pages/duel.py);
Enter in the prompt is remembered until then. A double click and a repeated Enter count once. */
(() => {
  const { byId, isTyping, settled } = arenaPage;
  const KEYS = { ArrowLeft: "vote-a", a: "vote-a", t: "vote-tie", n: "vote-bad", ArrowRight: "vote-b", b: "vote-b" };
  const SENDERS = "#send, #stop, .chip, #regenerate, #another, #next, #retry-a, #retry-b";
  const TWICE_MS = 600;
  const swallow = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
  };

  /* body.by-keys: the visitor moves by keyboard, so a ring shows where the focus is. */
  addEventListener("pointerdown", () => document.body.classList.remove("by-keys"), { capture: true });
  addEventListener("keydown", (event) => {
    if (event.key === "Tab" || !isTyping(event.target)) document.body.classList.add("by-keys");
  }, { capture: true });

  let sendWhenListening = false;
  arenaPage.sendSoon = () => (sendWhenListening = true);
  let sent = { text: "", at: 0 };
  const isAgain = (text) => {
    const now = performance.now();
    const again = text !== "" && sent.text === text && now - sent.at < TWICE_MS;
    if (!again) sent = { text, at: now };
    return again;
  };
  /* Until the page that Next asked for is here, Send and Enter still belong to the battle before: they wait for it. */
  const NEXT_MS = 5000;
  let nextUntil = 0;
  const isLeaving = () => {
    if (arenaPage.moment().state === "idle") nextUntil = 0;
    return performance.now() < nextUntil;
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("#next")) nextUntil = performance.now() + NEXT_MS;
    else if (event.target.closest("#send") && isLeaving()) {
      swallow(event);
      sendWhenListening = true;
    }
  }, { capture: true });
  const prompt = () => document.querySelector("#prompt textarea")?.value ?? "";
  document.addEventListener("keydown", (event) => {
    const isSending = event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.closest("#prompt");
    if (!isSending) return;
    if (isLeaving()) {
      swallow(event);
      sendWhenListening = true;
    } else if (byId("send")?.disabled) {
      swallow(event); /* else it would be sent twice if Gradio has just started to listen */
      sendWhenListening = arenaPage.moment().state === "idle";
    } else if (event.repeat || isAgain(prompt())) swallow(event);
  }, { capture: true });
  /* Send gives its place to Stop: the second click of a double click (its detail is 2) is for neither. */
  document.addEventListener("click", (event) => {
    if (event.detail > 1 && event.target.closest(SENDERS)) swallow(event);
  }, { capture: true });

  document.addEventListener("keydown", (event) => {
    const hasModifier = event.ctrlKey || event.metaKey || event.altKey || event.shiftKey;
    const isPlain = !(hasModifier || event.repeat || event.isComposing || event.defaultPrevented);
    const button = isPlain && !isTyping(event.target) && byId(KEYS[event.key]);
    if (button && !button.disabled) {
      event.preventDefault();
      button.click();
    }
  });
  settled.push(() => {
    if (!sendWhenListening || isLeaving() || byId("send")?.disabled !== false) return;
    if (nextUntil) {
      sendWhenListening = false; /* Next failed, and said so */
      nextUntil = 0;
      return;
    }
    sendWhenListening = false;
    byId("send").click();
  });
})();
