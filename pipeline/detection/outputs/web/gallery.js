// Sorts the pictures by the strongest face of each, or by name as they are in the page.
const list = byId("gallery");
const items = [...list.querySelectorAll("[data-percent]")];
const percentOf = (item, place) => Number(item.dataset.percent.split(" ")[place]);

byId("sort").addEventListener("change", (event) => {
  const place = event.target.value;
  const sorted = place === "" ? items
    : [...items].sort((a, b) => percentOf(b, place) - percentOf(a, place));
  list.append(...sorted);
});
