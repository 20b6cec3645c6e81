/* After the vote: the reasons of a withdrawal, the forms for feedback and sharing. The forms come with the page's text;
their content is read from the server when it is needed. */
(() => {
  const { byId, moment, settled } = arenaPage;

  const send = async (form, fields) => {
    const body = new URLSearchParams([["battle", moment().battle], ...fields]);
    const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error((await answer.json()).line || "");
    return answer.json();
  };
  /* Show one of the form's spare sentences, or another text. */
  const say = (form, spare, text = "") => {
    const sentence = spare ? form.querySelector(".spare." + spare).textContent : "";
    form.querySelector(".said").textContent = text || sentence;
  };
  const textOf = (html) => new DOMParser().parseFromString(html, "text/html").body.textContent;

  /* The votes may go some frames before the reveal comes. Meanwhile the dock keeps its height: else the page would become
  shorter, and the answers would jump. */
  const keepHeight = (isKept) => {
    const dock = byId("dock");
    dock.style.minHeight = isKept ? `${dock.offsetHeight}px` : "";
  };
  document.addEventListener("click", (event) => event.target.closest("#votes button") && keepHeight(true));

  /* Withdrawing: the first click shows the two reasons, which withdraw the vote. */
  const openReasons = (isOpen) => {
    document.body.classList.toggle("is-withdrawing", isOpen);
    byId("withdraw")?.setAttribute("aria-expanded", String(isOpen));
  };

  /* Feedback: each change is sent at once, text after a pause. What the visitor has changed before the stored feedback
  arrived stays as it is, and is saved after that. */
  let reading = Promise.resolve();
  const changed = new Set();
  const tags = (form, side) => form.querySelectorAll(`.of-${side} .tag`);
  const nameOf = (tag) => [...tag.classList].find((name) => name.startsWith("tag-")).slice(4);
  const isPressed = (tag) => tag.getAttribute("aria-pressed") === "true";
  const pressed = (form, side) => [...tags(form, side)].filter(isPressed).map((tag) => [side, nameOf(tag)]);
  const press = (tag, isOn) => tag.setAttribute("aria-pressed", String(isOn));
  const save = async (form) => {
    await reading;
    try {
      await send(form, [...pressed(form, "a"), ...pressed(form, "b"), ["comment", form.querySelector("textarea").value]]);
      say(form, "saved");
    } catch (error) {
      say(form, "failed", textOf(error.message));
    }
  };
  let pause = 0;
  const saveSoon = (form, field, wait) => {
    changed.add(field);
    say(form);
    clearTimeout(pause);
    pause = setTimeout(save, wait, form);
  };
  /* Gradio removes boxes and states from a text, so they are added here. */
  const complete = (form) => {
    const box = document.createElement("textarea");
    Object.assign(box, { rows: 2, maxLength: 2000 });
    form.querySelector("label").append(box);
    for (const tag of form.querySelectorAll(".tag")) press(tag, false);
  };
  const read = async (form) => {
    changed.clear();
    const box = form.querySelector("textarea");
    try {
      const stored = await send(form, [["read", "1"]]);
      for (const side of ["a", "b"]) {
        for (const tag of tags(form, side)) if (!changed.has(tag)) press(tag, stored[side].includes(nameOf(tag)));
      }
      if (!changed.has(box)) box.value = stored.comment;
    } catch (error) {
      say(form, "failed", textOf(error.message));
    }
  };

  /* Sharing. */
  const share = async (form, isShared) => {
    say(form);
    try {
      const answer = await send(form, [["shared", isShared ? "1" : "0"]]);
      form.querySelector(".link").href = "./battle?id=" + answer.id;
      form.className = answer.is_shared ? "is-shared" : "is-own";
      if (answer.is_shared) await copy(form);
      form.querySelector(answer.is_shared ? ".link" : "#share").focus({ preventScroll: true });
    } catch (error) {
      say(form, "failed", textOf(error.message));
    }
  };
  const copy = async (form) => {
    const { href } = form.querySelector(".link");
    try {
      await navigator.clipboard.writeText(href);
      say(form, "saved");
    } catch {
      say(form, "", href); /* the browser does not let pages copy: show it as text */
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("#after button, #feedback button");
    if (!button) return;
    const form = button.closest("form");
    if (button.id === "withdraw") {
      openReasons(!document.body.classList.contains("is-withdrawing"));
    } else if (button.id.startsWith("withdraw-")) {
      openReasons(false);
    } else if (button.classList.contains("tag")) {
      press(button, !isPressed(button));
      saveSoon(form, button, 200);
    } else if (button.id === "share" || button.id === "unshare") {
      share(form, button.id === "share");
    } else if (button.classList.contains("copy-link")) {
      copy(form);
    }
  });
  document.addEventListener("input", (event) => {
    const form = event.target.closest("#feedback form");
    if (form) saveSoon(form, event.target, 800);
  });
  document.addEventListener("submit", (event) => {
    if (event.target.closest("#feedback, #share-box")) event.preventDefault();
  });
  document.addEventListener(
    "toggle",
    (event) => {
      const form = event.target.closest("#feedback") && event.target.open && event.target.querySelector("form");
      if (form) reading = read(form);
    },
    { capture: true },
  );

  let shown = "";
  settled.push(() => {
    const form = byId("feedback")?.querySelector("form");
    if (form && !form.querySelector("textarea")) complete(form);
    const { battle, state } = moment();
    if (state !== "votable" && (state !== "voted" || byId("reveal")) && byId("dock")) keepHeight(false);
    const now = state === "voted" && byId("reveal") ? battle : "";
    if (now === shown) return;
    shown = now;
    openReasons(false);
    /* Where the dock is not docked, because the window is low, the reveal may be out of view. */
    if (now && getComputedStyle(byId("dock")).position !== "sticky") byId("reveal").scrollIntoView({ block: "nearest" });
  });
})();
