/* The address of a page of named models follows its pickers, so that it can be passed on: ?a=Wren+Sol&b=Moss+Tarn. */
(() => {
  const { byId, settled } = arenaPage;
  const chosen = (id) => document.querySelector(`#${id} input`)?.value ?? "";
  const write = () => {
    if (!byId("pick-a") || byId("send")?.disabled || byId("picks").contains(document.activeElement)) return;
    const query = new URLSearchParams(location.search);
    const keys = byId("pick-b") ? { a: "pick-a", b: "pick-b" } : { model: "pick-a" };
    for (const [key, id] of Object.entries(keys)) {
      if (chosen(id)) query.set(key, chosen(id));
    }
    if (`?${query}` !== location.search && query.size) {
      history.replaceState(history.state, "", `${location.pathname}?${query}`);
    }
  };
  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(write, 100);
  };
  document.addEventListener("focusout", (event) => event.target.closest("#picks") && later());
  settled.push(later);
})();
