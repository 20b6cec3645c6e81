/* Copy buttons for answers and their code, and the keyboard's way into what scrolls sideways.

   Gradio makes an answer's elements anew when its text changes, so a button is added to each new one; clicks are heard
   at the document. Screen readers hear "copied" from a region that is always there. */
(() => {
  const TEXTS = __TEXTS__;
  const text = (key) => (TEXTS[document.documentElement.lang] ?? TEXTS.en)[key];
  const COPIED_MS = 3000;

  const said = document.createElement("div");
  said.setAttribute("role", "status");
  said.className = "copy-status";

  const button = (label, title) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "copy";
    made.textContent = text(label);
    made.dataset.label = label;
    made.setAttribute("aria-label", text(title));
    return made;
  };

  /* The page may have no clipboard (http without TLS): then the browser copies a selection. */
  const write = async (copied) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(copied);
    const field = document.createElement("textarea");
    field.value = copied;
    field.style.cssText = "position: fixed; opacity: 0";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    if (!done) throw new Error("the browser did not copy");
  };

  const copy = async (pressed) => {
    const code = pressed.parentElement.matches(".code") && pressed.parentElement.querySelector("pre");
    const copied = code ? code.textContent : markdownOf(pressed.closest(".answer"));
    let outcome = "copied";
    try {
      await write(copied);
    } catch {
      outcome = "not_copied";
    }
    pressed.textContent = said.textContent = text(outcome);
    pressed.focus({ preventScroll: true });
    setTimeout(() => {
      pressed.textContent = text(pressed.dataset.label);
      said.textContent = "";
    }, COPIED_MS);
  };

  document.addEventListener("click", (event) => {
    const pressed = event.target.closest(".answer .copy");
    if (pressed) copy(pressed);
  });

  /* What is wider than its place can be focused, and then the arrow keys scroll it. */
  const SCROLLS = ".answer :is(pre, .table, .katex-display, .formula > math[display])";
  const name = (box) => text(box.matches("pre") ? "scrolls_code" : box.matches(".table") ? "scrolls_table" : "scrolls_formula");
  const settle = (box) => {
    if (box.scrollWidth > box.clientWidth + 1) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", name(box));
    } else if (box.hasAttribute("role")) {
      for (const one of ["tabindex", "role", "aria-label"]) box.removeAttribute(one);
    }
  };
  const watched = new WeakSet();
  const sizes = new ResizeObserver((entries) => {
    const boxes = entries.map((entry) => entry.target.closest(SCROLLS)).filter(Boolean);
    for (const box of new Set(boxes)) settle(box);
  });

  /* An answer that is still being written has no button yet. */
  const isWhole = (answer) => {
    const hasText = answer.querySelector(":is(p, pre, ul, ol, table, .formula)") !== null;
    return hasText && answer.querySelector('[id^="rest"] .md > :not(.aside)') === null;
  };

  const complete = () => {
    for (const box of document.querySelectorAll(SCROLLS)) {
      if (watched.has(box)) continue;
      watched.add(box);
      sizes.observe(box);
      for (const inner of box.children) sizes.observe(inner);
    }
    for (const code of document.querySelectorAll(".answer .code:not(:has(> .copy))")) {
      if (!code.closest('[id^="rest"]')) code.append(button("copy", "copy_code"));
    }
    for (const answer of document.querySelectorAll(".answer")) {
      const own = answer.querySelector(":scope > .copy");
      if (isWhole(answer)) {
        if (!own) answer.append(button("copy_answer", "copy_answer"));
      } else {
        own?.remove();
      }
    }
  };

  let isQueued = false;
  const begin = () => {
    document.body.append(said);
    complete();
    new MutationObserver(() => {
      if (isQueued) return;
      isQueued = true;
      requestAnimationFrame(() => {
        isQueued = false;
        complete();
      });
    }).observe(document.body, { childList: true, subtree: true });
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
