/* Light or dark: as the visitor chose in the header, else as the system. The server has put the choice into the page
   (data-theme); here a new one takes effect at once. Gradio asks matchMedia for the system's setting, and gets the
   page's colours instead. */
(() => {
  const root = document.documentElement;
  const QUERY = "(prefers-color-scheme: dark)";
  const COLOURS = { light: "#FFFFFF", dark: "#0E1116" };
  const ask = window.matchMedia.bind(window);
  const system = ask(QUERY);
  const page = new EventTarget();
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  Object.defineProperties(page, { media: { value: QUERY }, matches: { get: isDark } });
  window.matchMedia = (query) => (query === QUERY ? page : ask(query));
  system.addEventListener("change", () => page.dispatchEvent(new Event("change")));

  const keep = (theme) => {
    const age = theme === "system" ? 0 : 31536000;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    const path = new URL(document.querySelector("#header .title").href).pathname;
    document.cookie = `theme=${theme}; path=${path}; max-age=${age}; SameSite=Lax${secure}`;
  };
  document.addEventListener("submit", (event) => {
    const theme = event.target.id === "theme" && event.submitter?.value;
    if (!theme) return;
    event.preventDefault();
    keep(theme);
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    for (const button of event.target.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
    for (const frame of document.querySelectorAll("meta[name=theme-color]")) {
      frame.content = COLOURS[theme] ?? COLOURS[frame.media.includes("dark") ? "dark" : "light"];
    }
    page.dispatchEvent(new Event("change"));
  });
})();
