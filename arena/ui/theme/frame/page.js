/* What the pages do in the browser beside Gradio; the state that matters is on the server. `arenaPage` is what the
scripts after this one share: `settled` collects what to do after Gradio has changed the page. */
const arenaPage = {
  byId: (id) => document.getElementById(id),
  isTyping: (node) => node && (node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName)),
  isPhone: () => matchMedia("(max-width: 640px)").matches,
  settled: [],
  /* The moment that a battle page shows (pages/duel_layout.py, marker): battle, turn and state. */
  moment: () => {
    const words = (document.querySelector("#marker .md")?.textContent || "").trim().split(/\s+/);
    return words.length === 3 ? { battle: words[0], turn: Number(words[1]), state: words[2] } : { state: "idle" };
  },
};
(() => {
  const { byId } = arenaPage;
  /* Gradio creates the elements late and replaces them; what it omits or removes (aria-*, links in the same tab) is
  restored here. */
  const LIVE = ["notice", "status", "vote-hint", "reveal"];
  const restore = () => {
    for (const id of LIVE) {
      const region = byId(id);
      if (region && !region.hasAttribute("aria-live")) region.setAttribute("aria-live", "polite");
    }
    for (const link of document.querySelectorAll('a[target="_blank"]:not(.answer *)')) {
      if (link.origin === location.origin) link.removeAttribute("target");
    }
  };
  arenaPage.settled.push(restore, () => {
    document.body.classList.toggle("in-battle", byId("turn") !== null);
    document.body.classList.toggle("has-history", document.querySelector("#history .turn") !== null);
  });

  /* A battle fills the window below the header and the line about publishing: --above is their height. */
  const sizes = new ResizeObserver(() => {
    const above = byId("header").offsetHeight + (byId("consent")?.offsetHeight ?? 0);
    document.documentElement.style.setProperty("--above", `${above}px`);
  });
  addEventListener("DOMContentLoaded", () => {
    for (const part of document.querySelectorAll("#header, #consent")) sizes.observe(part);
  });

  let isQueued = false;
  new MutationObserver(() => {
    if (isQueued) return;
    isQueued = true;
    requestAnimationFrame(() => {
      isQueued = false;
      for (const act of arenaPage.settled) act();
    });
  }).observe(document.documentElement, {
    childList: true,
    subtree: true,
    characterData: true,
    attributes: true,
    attributeFilter: ["disabled"],
  });
})();
