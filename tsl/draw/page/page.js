// Moves in a picture, searches it, closes and opens clusters, and tells what is known of a box. It loads nothing.
//
// 1. Boxes, clusters and edges are the elements n1, c1, e1 of the SVG, and the entries of the JSON beside it.
// 2. A closed cluster has a stand-in: a box of its own, to which the edges that cross its border lead as detours.
// 3. Rows and columns that closing left empty are squeezed: coordinates go through a map that is linear piece by piece
//    and keeps the size of whatever is visible.
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const GAP = 26, STAND_IN = 36, WIDEST = 230, READABLE = 1.25;
  const byId = (id) => document.getElementById(id);
  const parts = JSON.parse(byId("parts").textContent);
  const svg = document.querySelector("#picture svg");
  const graph = svg.querySelector("g.graph");
  const sheet = graph.querySelector(":scope > polygon");
  const boxes = new Map(parts.boxes.map((box) => [box.number, { ...box, element: byId("n" + box.number) }]));
  const clusters = parts.clusters.map((cluster) => ({ ...cluster, element: byId("c" + cluster.number), closed: false }));
  const edges = parts.edges.map((edge) => ({ ...edge, element: byId("e" + edge.number) }));

  // What each element is made of, with the coordinates it was laid out with.
  const numbers = (text) => text.match(/-?\d+(?:\.\d+)?/g).map(Number);
  function shapesOf(element) {
    const found = [];
    for (const part of element.querySelectorAll("path, polygon, polyline, ellipse, text")) {
      const name = { path: "d", polygon: "points", polyline: "points" }[part.tagName];
      if (name) found.push({ part, name, text: part.getAttribute(name), at: numbers(part.getAttribute(name)) });
      else if (part.tagName === "ellipse") found.push({ part, at: [+part.getAttribute("cx"), +part.getAttribute("cy")],
        rx: +part.getAttribute("rx"), ry: +part.getAttribute("ry") });
      else found.push({ part, at: [+part.getAttribute("x"), +part.getAttribute("y")] });
    }
    return found;
  }
  function placed(shape, fx, fy) {
    const moved = shape.at.map((value, place) => (place % 2 ? fy(value) : fx(value)));
    if (shape.name) {
      let place = 0;
      shape.part.setAttribute(shape.name, shape.text.replace(/-?\d+(?:\.\d+)?/g, () => moved[place++].toFixed(2)));
    } else {
      const [x, y] = shape.part.tagName === "ellipse" ? ["cx", "cy"] : ["x", "y"];
      shape.part.setAttribute(x, moved[0].toFixed(2));
      shape.part.setAttribute(y, moved[1].toFixed(2));
    }
  }
  function extent(shapes) {
    const area = { x0: Infinity, x1: -Infinity, y0: Infinity, y1: -Infinity };
    for (const shape of shapes.filter((each) => each.part.tagName !== "text")) {
      shape.at.forEach((value, place) => {
        const [low, high, reach] = place % 2 ? ["y0", "y1", shape.ry || 0] : ["x0", "x1", shape.rx || 0];
        area[low] = Math.min(area[low], value - reach);
        area[high] = Math.max(area[high], value + reach);
      });
    }
    return area;
  }
  for (const each of [...boxes.values(), ...clusters, ...edges]) {
    each.shapes = each.element ? shapesOf(each.element) : [];
    each.area = extent(each.shapes);
  }
  const whole = extent([{ part: sheet, at: numbers(sheet.getAttribute("points")) }]);

  // The outermost closed cluster that something lies in, or null.
  function hider(inside) {
    let found = null;
    for (let place = inside; place !== null; place = clusters[place].inside) if (clusters[place].closed) found = clusters[place];
    return found;
  }
  const isVisible = (box) => hider(box.inside) === null;
  const inner = (cluster) => [...boxes.values()].filter((box) => {
    for (let place = box.inside; place !== null; place = clusters[place].inside) if (place === cluster.number) return true;
    return false;
  });

  // (3) The map of one axis: stretches that nothing visible covers, but something did, are squeezed.
  function squeezed(covered, before, low, high) {
    const merge = (ranges) => {
      const found = [];
      for (const [from, to] of [...ranges].sort((one, other) => one[0] - other[0])) {
        const last = found[found.length - 1];
        if (last && from <= last[1]) last[1] = Math.max(last[1], to);
        else found.push([from, to]);
      }
      return found;
    };
    const was = merge(before);
    const points = [[low, low]];
    let end = low, shift = 0;
    for (const [from, to] of [...merge(covered), [high, high]]) {
      const free = was.every((range) => range[1] <= end + 0.01 || range[0] >= from - 0.01);
      if (!free && from - end > GAP) {
        points.push([end, end - shift]);
        shift += from - end - GAP;
        points.push([from, from - shift]);
      }
      end = Math.max(end, to);
    }
    points.push([high, high - shift]);
    return (value) => {
      let place = 1;
      while (place < points.length - 1 && value > points[place][0]) place++;
      const [[x0, y0], [x1, y1]] = [points[place - 1], points[place]];
      return x1 === x0 ? y1 : y0 + ((value - x0) * (y1 - y0)) / (x1 - x0);
    };
  }

  const make = (name, attributes, ...inside) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...inside);
    return element;
  };
  const layer = make("g", { id: "stand-ins" });
  const detours = make("g", {});  // below the boxes, above the clusters
  graph.insertBefore(detours, graph.querySelector(":scope > g.node, :scope > g.edge"));
  graph.append(layer);
  const GRAVEST = ["error", "warning", "info"];
  const gravest = (marks) => GRAVEST.find((severity) => marks.some((mark) => mark.severity === severity)) || "";
  const titleOf = (cluster) => [cluster.title || cluster.kind, ...cluster.badges.map((badge) => badge.text)].join(" ");

  function standIn(cluster) {
    const held = inner(cluster);
    const operators = held.reduce((count, box) => count + box.operators, 0);
    const marks = held.flatMap((box) => box.marks);
    const middle = (cluster.area.x0 + cluster.area.x1) / 2;
    const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;
    const told = [counted(operators, "operator"), ...(marks.length ? [counted(marks.length, "finding")] : [])].join(", ");
    const half = Math.min(WIDEST, Math.max(90, titleOf(cluster).length * 6.2 + 24, told.length * 4.8 + 20)) / 2;
    const area = { x0: middle - half, x1: middle + half, y0: cluster.area.y0, y1: cluster.area.y0 + STAND_IN };
    return { cluster, area, marks, told };
  }

  function draw() {
    const closed = clusters.filter((cluster) => cluster.closed && hider(cluster.inside) === null).map(standIn);
    const visible = [...boxes.values()].filter(isVisible);
    const areas = [...visible, ...closed].map((each) => each.area);
    const before = [...boxes.values()].map((box) => box.area);
    const axis = (low, high) => squeezed(areas.map((area) => [area[low], area[high]]), before.map((area) => [area[low], area[high]]), whole[low], whole[high]);
    const fx = closed.length ? axis("x0", "x1") : (value) => value;
    const fy = closed.length ? axis("y0", "y1") : (value) => value;
    // A stand-in may be wider than its cluster: it keeps its own width around the mapped middle.
    const area = (each) => {
      const height = each.area.y1 - each.area.y0, width = each.area.x1 - each.area.x0;
      const x = fx((each.area.x0 + each.area.x1) / 2), y = fy(each.area.y0);
      return { x0: x - width / 2, x1: x + width / 2, y0: y, y1: y + height };
    };
    for (const box of boxes.values()) show(box, isVisible(box), fx, fy);
    for (const cluster of clusters) show(cluster, !cluster.closed && hider(cluster.inside) === null, fx, fy);
    layer.replaceChildren();
    detours.replaceChildren();
    const ways = new Map();
    for (const edge of edges) {
      const [source, target] = [edge.source, edge.target].map((number) => hider(boxes.get(number).inside));
      show(edge, !source && !target, fx, fy);
      if ((source || target) && source !== target) {
        const ends = [source || boxes.get(edge.source), target || boxes.get(edge.target)];
        ways.set(ends.map((end) => end.element.id).join(" "), ends);
      }
    }
    const where = new Map(closed.map((each) => [each.cluster, area(each)]));
    for (const ends of ways.values()) detours.append(detour(...ends.map((end) => where.get(end) || area(end))));
    for (const each of closed) layer.append(box(each, where.get(each.cluster)));
    const [x0, x1, y0, y1] = [fx(whole.x0), fx(whole.x1), fy(whole.y0), fy(whole.y1)];
    sheet.setAttribute("points", `${x0},${y1} ${x0},${y0} ${x1},${y0} ${x1},${y1} ${x0},${y1}`);
    extentNow = { x0, x1, y0, y1 };
    byId("count").textContent = `${visible.length + closed.length} of ${boxes.size} boxes visible`;
    document.body.dataset.visible = visible.length + closed.length;
    mark();
  }
  function show(each, isShown, fx, fy) {
    if (!each.element) return;
    each.element.classList.toggle("hidden", !isShown);
    if (isShown) for (const shape of each.shapes) placed(shape, fx, fy);
  }
  function detour(from, to) {
    const [x0, x1] = [(from.x0 + from.x1) / 2, (to.x0 + to.x1) / 2];
    const down = from.y1 <= to.y0;
    const [y0, y1] = down ? [from.y1, to.y0 - 7] : [from.y0, to.y1 + 7];
    const bend = Math.max(20, Math.abs(y1 - y0) / 3) * (down ? 1 : -1);
    const tip = down ? 7 : -7;
    return make("g", { class: "edge value" },
      make("path", { class: "detour", d: `M${x0},${y0}C${x0},${y0 + bend} ${x1},${y1 - bend} ${x1},${y1}` }),
      make("polygon", { points: `${x1 - 2.5},${y1} ${x1 + 2.5},${y1} ${x1},${y1 + tip}` }));
  }
  function box({ cluster, marks, told }, area) {
    const middle = (area.x0 + area.x1) / 2;
    const text = (y, size, content) => make("text", { x: middle, y, "font-size": size, "font-family": "Helvetica,Arial,sans-serif" }, content);
    const group = make("g", { class: `stand-in ${gravest(marks)}`, id: `s${cluster.number}`, tabindex: 0, role: "button" },
      make("title", {}, `open ${titleOf(cluster)}`),
      make("rect", { x: area.x0, y: area.y0, width: area.x1 - area.x0, height: area.y1 - area.y0, rx: 6 }),
      text(area.y0 + 15, 11, titleOf(cluster)), text(area.y0 + 29, 9, told));
    group.addEventListener("click", () => toggle(cluster));
    group.addEventListener("keydown", (event) => event.key === "Enter" && toggle(cluster));
    return group;
  }
  function toggle(cluster) {
    cluster.closed = !cluster.closed;
    draw();
  }
  function reveal(each) {
    for (let place = each.inside; place !== null; place = clusters[place].inside) clusters[place].closed = false;
    draw();
  }

  // Pan and zoom: the view is a part of the picture, in its own units.
  let extentNow = whole, view = { x: 0, y: 0, width: 1, height: 1 };
  graph.setAttribute("transform", "");
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  svg.setAttribute("preserveAspectRatio", "xMidYMid meet");
  const show_view = () => svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
  function look(area, least) {
    const frame = svg.getBoundingClientRect();
    const ratio = frame.width / Math.max(frame.height, 1) || 1;
    const height = Math.max(area.y1 - area.y0, (area.x1 - area.x0) / ratio, least || 0);
    view = { width: height * ratio, height, x: (area.x0 + area.x1) / 2 - (height * ratio) / 2, y: (area.y0 + area.y1) / 2 - height / 2 };
    show_view();
  }
  // A picture that is too large to be read as a whole begins at its first box.
  function begin() {
    const frame = svg.getBoundingClientRect();
    look(extentNow);
    if (view.height <= frame.height * READABLE) return;
    const first = [...boxes.values()].find(isVisible);
    const area = first ? extent(shapesOf(first.element)) : extentNow;  // where it is now, not where it was laid out
    const middle = (area.x0 + area.x1) / 2, half = (frame.width * READABLE) / 2, top = area.y0 - 60;
    look({ x0: middle - half, x1: middle + half, y0: top, y1: top + frame.height * READABLE });
  }
  function zoom(factor, x = view.x + view.width / 2, y = view.y + view.height / 2) {
    const width = Math.min(Math.max(view.width * factor, 40), 40 * (whole.x1 - whole.x0 + whole.y1 - whole.y0));
    const by = width / view.width;
    view = { x: x - (x - view.x) * by, y: y - (y - view.y) * by, width, height: view.height * by };
    show_view();
  }
  const point = (event) => {
    const frame = svg.getBoundingClientRect();
    return [view.x + ((event.clientX - frame.left) / frame.width) * view.width, view.y + ((event.clientY - frame.top) / frame.height) * view.height];
  };
  const picture = byId("picture");
  picture.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 300), ...point(event));
  }, { passive: false });
  let held = null, dragged = false;
  picture.addEventListener("pointerdown", (event) => {
    if (event.button === 0) [held, dragged] = [[event.clientX, event.clientY, view.x, view.y], false];
  });
  addEventListener("pointermove", (event) => {
    if (!held) return;
    const scale = view.width / svg.getBoundingClientRect().width;
    const [dx, dy] = [event.clientX - held[0], event.clientY - held[1]];
    if (Math.abs(dx) + Math.abs(dy) < 4 && !dragged) return;
    dragged = true;
    picture.classList.add("held");
    view = { ...view, x: held[2] - dx * scale, y: held[3] - dy * scale };
    show_view();
  });
  addEventListener("pointerup", () => {
    held = null;
    picture.classList.remove("held");
  });
  picture.addEventListener("click", (event) => {
    if (dragged) event.stopPropagation();
    dragged = false;
  }, true);

  // What is told of a box, or of the picture where none is chosen.
  let chosen = null, found = [];
  const told = byId("told");
  const html = (name, attributes, ...inside) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...inside);
    return element;
  };
  const go = (text, target) => {
    const button = html("button", { class: "go" }, text);
    button.addEventListener("click", () => choose(target, true));
    return button;
  };
  const section = (title, ...content) => (content.length ? [html("h3", {}, title), ...content] : []);
  const finding = (mark) => html("div", { class: `finding ${mark.severity}` },
    html("p", {}, html("b", {}, `${mark.code} ${mark.rule}`), ` ${mark.severity}`), html("p", {}, mark.message),
    ...(mark.text ? [html("pre", {}, mark.text)] : []), ...(mark.place ? [html("p", {}, html("code", {}, mark.place))] : []));
  const found_on = (box) => {
    const button = go("", box);
    button.className = `go finding ${gravest(box.marks)}`;
    button.append(...box.marks.flatMap((mark) => [html("b", {}, `${mark.code} ${mark.rule}`), ` ${mark.message}`, html("br", {})]), `on ${box.lines[0]}`);
    return button;
  };
  function tellPicture() {
    const with_findings = [...boxes.values()].filter((box) => box.marks.length);
    told.replaceChildren(html("h2", {}, parts.title), ...parts.notes.map((note) => html("p", {}, note)),
      html("p", {}, "Click a box for its source, schema and findings, the title of a cluster to close it. Drag to move, turn the wheel to zoom."),
      ...section(`findings (${with_findings.reduce((count, box) => count + box.marks.length, 0)})`,
        ...with_findings.map((box) => found_on(box))));
  }
  function tell(box) {
    const ends = (which, other) => edges.filter((edge) => edge[which] === box.number)
      .map((edge) => go(`${boxes.get(edge[other]).lines[0]}  ${edge.hint || edge.label}`, boxes.get(edge[other])));
    const cluster = box.inside === null ? null : clusters[box.inside];
    told.replaceChildren(html("h2", {}, box.lines[0]),
      ...(box.lines.length > 1 ? [html("pre", {}, box.lines.slice(1).join("\n"))] : []),
      ...section("findings", ...box.marks.map(finding)),
      ...section("source", ...(box.text ? [html("pre", { class: "source" }, box.text)] : []), ...(box.place ? [html("p", {}, html("code", {}, box.place))] : [])),
      ...section("schema", ...(box.schema ? [html("pre", { class: "schema" }, box.schema)] : [])),
      ...section("module", ...(box.path || (cluster && cluster.path) ? [html("p", {}, html("code", {}, box.path || cluster.path))] : [])),
      ...section("also", ...box.badges.filter((badge) => badge.text).map((badge) => html("p", {}, badge.text))),
      ...section("takes", ...ends("target", "source")), ...section("is taken by", ...ends("source", "target")));
    told.scrollTop = 0;
  }
  function choose(box, moves) {
    chosen = box;
    if (box && !isVisible(box)) reveal(box);
    if (box) tell(box);
    else tellPicture();
    mark();
    if (box && moves) {
      const area = extent(shapesOf(box.element));
      look({ x0: area.x0 - 160, x1: area.x1 + 160, y0: area.y0 - 160, y1: area.y1 + 160 }, 380);
    }
  }
  function mark() {
    for (const box of boxes.values()) {
      box.element.classList.toggle("found", found.includes(box));
      box.element.classList.toggle("chosen", box === chosen);
    }
    for (const edge of edges) {
      if (edge.element) edge.element.classList.toggle("chosen", chosen !== null && [edge.source, edge.target].includes(chosen.number));
    }
  }
  for (const box of boxes.values()) {
    for (const [name, value] of Object.entries({ tabindex: 0, role: "button", "aria-label": box.lines.join(", ") })) box.element.setAttribute(name, value);
    box.element.addEventListener("click", (event) => {
      event.stopPropagation();
      choose(box, false);
    });
    box.element.addEventListener("keydown", (event) => event.key === "Enter" && choose(box, false));
  }
  for (const cluster of clusters) {
    for (const text of cluster.element ? cluster.element.querySelectorAll("text") : []) {
      text.addEventListener("click", () => toggle(cluster));
    }
  }
  picture.addEventListener("click", (event) => {
    if (!event.target.closest(".node, .stand-in, .cluster > text")) choose(null, false);
  });

  // Search: all words must be in what is known of a box or in the names of its values.
  const names = new Map();
  for (const edge of edges) names.set(edge.source, `${names.get(edge.source) || ""} ${edge.value}`);
  const words = (box) => [...box.lines, box.path, box.schema, box.place, ...box.marks.flatMap((each) => [each.code, each.rule, each.message]),
    names.get(box.number) || "", box.inside === null ? "" : clusters[box.inside].path].join(" ").toLowerCase();
  const texts = new Map([...boxes.values()].map((box) => [box, words(box)]));
  const search = byId("search");
  let at = -1;
  search.addEventListener("input", () => {
    const asked = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = asked.length ? [...boxes.values()].filter((box) => asked.every((word) => texts.get(box).includes(word))) : [];
    at = -1;
    byId("found").textContent = asked.length ? `${found.length} found` : "";
    mark();
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && found.length) {
      at = (at + (event.shiftKey ? found.length - 1 : 1)) % found.length;
      byId("found").textContent = `${at + 1} of ${found.length}`;
      choose(found[at], true);
    }
    if (event.key === "Escape") {
      search.value = "";
      search.dispatchEvent(new Event("input"));
      search.blur();
    }
  });
  const all = (closed) => {
    for (const cluster of clusters) cluster.closed = closed && cluster.element !== null;
    draw();
    begin();
  };
  byId("close").addEventListener("click", () => all(true));
  byId("open").addEventListener("click", () => all(false));
  byId("in").addEventListener("click", () => zoom(1 / 1.4));
  byId("out").addEventListener("click", () => zoom(1.4));
  byId("fit").addEventListener("click", () => look(extentNow));
  addEventListener("keydown", (event) => {
    if (event.target === search || event.ctrlKey || event.metaKey || event.altKey) return;
    const does = { "/": () => search.focus(), 0: () => look(extentNow), "+": () => zoom(1 / 1.4), "-": () => zoom(1.4), Escape: () => choose(null, false) }[event.key];
    if (does) {
      event.preventDefault();
      does();
    }
  });
  addEventListener("resize", () => look({ x0: view.x, x1: view.x + view.width, y0: view.y, y1: view.y + view.height }));
  draw();
  begin();
  tellPicture();
})();
