// Values under the pointer, in all plots at once. Nothing on the page needs this to be read.
"use strict";
(() => {
  const plots = document.getElementById("plots");
  if (!plots) return;
  const data = JSON.parse(document.getElementById("data").textContent);
  plots.classList.add("live");
  const start = Number(plots.dataset.start), end = Number(plots.dataset.end);
  const find = (path) => path.split(".").reduce((found, step) => found && found[step], data);

  const three = (value) => value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
  const step = (value, steps) => {
    const [size, name] = steps.find(([size]) => value >= size) || steps[steps.length - 1];
    return `${three(value / size)} ${name}`;
  };
  const say = {
    s: (value) => step(value, [[1, "s"], [1e-3, "ms"], [1e-6, "µs"]]),
    bytes: (value) => step(value, [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"], [1, "B"]]),
    rps: (value) => `${three(value)}/s`,
    share: (value) => `${three(value * 100)} %`,
    x: (value) => `${three(value)} ×`,
    plain: three,
  };

  const series = [...plots.querySelectorAll("output[data-series]")].map((output) => {
    const path = output.dataset.series, values = find(path);
    const times = path.startsWith("timeline.") ? data.timeline.start_s : find(path.replace(/[^.]+$/, "at_s"));
    return { output, values, times, say: say[output.dataset.unit] || three };
  });
  // The last window that has begun; readings of servers stand for the time before them, too.
  const at = (times, instant) => {
    let low = 0, high = times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle] <= instant) low = middle + 1; else high = middle;
    }
    return Math.max(low - 1, 0);
  };

  const crosses = [...plots.querySelectorAll(".canvas")].map((canvas) => {
    const cross = canvas.appendChild(document.createElement("div"));
    cross.className = "cross";
    cross.appendChild(document.createElement("span"));
    cross.style.height = `${canvas.querySelector("svg").getAttribute("height")}px`;
    cross.hidden = true;
    return cross;
  });
  const show = (share) => {
    const instant = start + share * (end - start);
    for (const cross of crosses) {
      cross.hidden = false;
      cross.style.left = `${share * 100}%`;
      cross.firstChild.textContent = `${instant.toFixed(end < 120 ? 1 : 0)} s`;
    }
    for (const { output, values, times, say } of series) {
      const value = values[at(times, instant)];
      output.textContent = value === null || value === undefined ? "–" : say(value);
    }
  };
  const clear = () => {
    for (const cross of crosses) cross.hidden = true;
    for (const { output } of series) output.textContent = "";
  };
  plots.addEventListener("pointermove", (event) => {
    const canvas = event.target.closest("figure")?.querySelector(".canvas");
    if (!canvas) return clear();
    const box = canvas.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    if (share < 0 || share > 1) clear(); else show(share);
  });
  plots.addEventListener("pointerleave", clear);
})();
