/* The server puts a prompt box into the start page, so that a visitor can type and send before Gradio has made its own.
   That one then takes over the text, the cursor and the wish to send. */
(() => {
  const { byId, settled } = arenaPage;
  const root = document.documentElement;
  root.classList.add("is-early"); /* without script the box stays hidden */
  let isComposing = false;
  const inBox = (event) => event.target.closest?.("#early");
  const send = () => {
    const [box, button] = byId("early").querySelectorAll("textarea, button");
    if (!box.value.trim()) return;
    arenaPage.sendSoon();
    button.disabled = true;
  };
  document.addEventListener("submit", (event) => {
    if (!inBox(event)) return;
    event.preventDefault();
    send();
  });
  document.addEventListener("keydown", (event) => {
    if (!inBox(event) || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    if (event.target.tagName !== "TEXTAREA") return;
    event.preventDefault();
    send();
  });
  for (const kind of ["compositionstart", "compositionend"]) {
    document.addEventListener(kind, () => {
      isComposing = kind === "compositionstart";
      if (!isComposing) requestAnimationFrame(handOver);
    });
  }

  const handOver = () => {
    const early = byId("early");
    const box = document.querySelector("#prompt textarea");
    if (!early || !box || isComposing) return;
    const typed = early.querySelector("textarea");
    if (typed.value) {
      box.value = typed.value;
      box.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const hadFocus = document.activeElement === typed;
    const { selectionStart, selectionEnd } = typed;
    early.remove();
    root.classList.remove("is-early");
    if (!hadFocus) return;
    box.focus({ preventScroll: true });
    box.setSelectionRange(selectionStart, selectionEnd);
  };
  settled.push(handOver);

  /* A script that does not come leaves this box for good: the visitor reads what to do. */
  const LATE_MS = 20000;
  const warn = () => {
    const line = byId("early")?.querySelector("[role=alert]");
    if (line) line.hidden = false;
  };
  addEventListener("error", (event) => event.target.tagName === "SCRIPT" && warn(), { capture: true });
  setTimeout(warn, LATE_MS);
})();
