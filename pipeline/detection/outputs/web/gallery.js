// Sorts the pictures by the strongest face of each, or by name as they are in the page.
const list = byId("gallery");
const items = [...list.querySelectorAll("[data-percent]")];

byId("sort").addEventListener("change", ({ target: { value } }) => {
  const percent = (item) => (value && item.dataset.percent.split(" ")[value]);
  list.append(...[...items].sort((a, b) => percent(b) - percent(a)));
});
