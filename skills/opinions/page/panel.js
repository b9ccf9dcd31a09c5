// What stands beside the map: search, filters, topics, the opinion that was clicked, the table.

const PAGE = 50;
const el = (id) => document.getElementById(id);
const count = (number) => number.toLocaleString("ja-JP");
const plain = (text) => text.normalize("NFKC").toLowerCase();

// Text is only ever set as text: what people wrote never becomes part of the page.
function make(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

class Panel {
  constructor(data, view) {
    this.data = data;
    this.view = view;
    this.topic = null;
    this.filters = [];
    this.page = 0;
    this.words = "";
    this.plain = data.texts.map(plain);
    this.makeFilters();
    this.listTopics();
    this.listFew();
    el("words").addEventListener("input", () => this.later());
    el("search").addEventListener("submit", (event) => {
      event.preventDefault();
      this.search();
    });
    this.makeTabs();
    this.paint();
    view.dark.addEventListener("change", () => this.paint());
    this.update();
  }

  paint() {
    const theme = this.view.dark.matches ? 1 : 0;
    for (const button of document.querySelectorAll(".topic")) {
      const about = this.data.topics[button.dataset.topic];
      const colour = about ? this.data.colours[theme][about.colour] : this.data.alone[theme];
      button.firstChild.style.color = colour;
    }
  }

  makeFilters() {
    const { names, values, sections, stances, opinions, dots } = this.data;
    names.forEach((name, at) => {
      this.filter(name, values[at], (dot) => opinions.attributes[at][dots.opinion[dot]]);
    });
    this.filter("該当箇所", sections, (dot) => opinions.section[dots.opinion[dot]]);
    const used = new Set(dots.stance);
    if (used.size > 1) this.filter("賛否（推定）", stances, (dot) => dots.stance[dot]);
  }

  filter(title, values, of) {
    if (values.filter(Boolean).length < 2) return;
    const select = make("select", { id: `filter-${this.filters.length}` });
    select.append(make("option", { value: "", textContent: "すべて" }));
    values.forEach((value, at) => {
      const text = value || "（記載なし）";
      select.append(make("option", { value: String(at), textContent: text }));
    });
    const label = make("label", { htmlFor: select.id, textContent: title });
    el("filters").append(make("div", {}, label, select));
    const filter = { chosen: null, of };
    this.filters.push(filter);
    select.addEventListener("change", () => {
      filter.chosen = select.value === "" ? null : Number(select.value);
      this.update();
    });
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.search(), 150);
  }

  search() {
    clearTimeout(this.timer);
    this.words = plain(el("words").value.trim());
    if (this.words) this.open("table");
    this.update();
  }

  // Which dots pass the filters, and which of these hold the words.
  update() {
    const { dots, opinions } = this.data;
    const { view } = this;
    const found = this.plain.map((text) => this.words !== "" && text.includes(this.words));
    const listed = new Set();
    const heard = new Set();
    view.searching = this.words !== "";
    for (let dot = 0; dot < view.count; dot++) {
      const opinion = dots.opinion[dot];
      const passes =
        this.filters.every((filter) => filter.chosen === null || filter.of(dot) === filter.chosen) &&
        (this.topic === null || this.isPart(dots.topic[dot], this.topic));
      view.shown[dot] = passes ? 1 : 0;
      view.hit[dot] = passes && found[opinions.text[opinion]] ? 1 : 0;
      if (passes && (!view.searching || view.hit[dot])) {
        listed.add(opinion);
        heard.add(opinions.voice[opinion]);
      }
    }
    this.listed = [...listed];
    this.page = 0;
    const what = view.searching ? `「${el("words").value.trim()}」を含む意見` : "表示中の意見";
    const all = count(this.data.opinions.row.length);
    el("status").textContent =
      `${what} ${count(listed.size)}件（実質 ${count(heard.size)}件）／ 全${all}件`;
    this.listTable();
    view.draw();
  }

  isPart(topic, whole) {
    for (let at = topic; at >= 0; at = this.data.topics[at].parent) if (at === whole) return true;
    return topic < 0 && whole < 0;
  }

  path(topic) {
    const labels = [];
    for (let at = topic; at >= 0; at = this.data.topics[at].parent) {
      labels.unshift(this.data.topics[at].label);
    }
    return labels.join(" ＞ ") || this.data.isolated.label;
  }

  topicButton(topic) {
    const about = topic < 0 ? this.data.isolated : this.data.topics[topic];
    const mark = make("span", { textContent: topic < 0 ? "◆" : "●", ariaHidden: "true" });
    const number = `${count(about.voices)}（${count(about.count)}）`;
    const button = make(
      "button",
      { type: "button", className: "topic", ariaPressed: "false" },
      mark,
      make("span", { textContent: about.label }),
      make("span", { className: "number", textContent: number }),
      make("span", { className: "quote", textContent: about.excerpt || "" }),
    );
    button.dataset.topic = topic;
    button.addEventListener("click", () => this.pick(topic));
    return button;
  }

  pick(topic) {
    this.topic = this.topic === topic ? null : topic;
    for (const button of document.querySelectorAll(".topic")) {
      button.ariaPressed = String(Number(button.dataset.topic) === this.topic);
    }
    this.update();
  }

  listTopics() {
    const { topics, order } = this.data;
    const list = make("ul");
    for (const topic of order) {
      if (topics[topic].parent >= 0) continue;
      const item = make("li", {}, this.topicButton(topic));
      const parts = order.filter((part) => topics[part].parent === topic);
      if (parts.length) {
        item.append(make("ul", {}, ...parts.map((part) => make("li", {}, this.topicButton(part)))));
      }
      list.append(item);
    }
    if (this.data.isolated.count) list.append(make("li", {}, this.topicButton(-1)));
    el("panel-topics").append(
      make("p", { className: "hint", textContent: "実質件数（件数）。押すとその話題だけを表示します。" }),
      list,
    );
  }

  listFew() {
    const { topics, few, dots } = this.data;
    const panel = el("panel-few");
    panel.append(make("p", { className: "hint", textContent: this.data.fewHint }));
    if (few.length) {
      panel.append(make("h2", { textContent: `少数の話題 ${few.length}` }));
      panel.append(make("ul", {}, ...few.map((topic) => make("li", {}, this.topicButton(topic)))));
    }
    const alone = [...dots.topic.keys()].filter((dot) => dots.topic[dot] < 0);
    if (alone.length) {
      panel.append(make("h2", { textContent: `個別の意見 ${count(alone.length)}` }));
      this.more(panel, alone, 0);
    }
    if (!few.length && !alone.length) panel.append(make("p", { textContent: "ありません。" }));
    if (!topics.length) this.open("few");
  }

  // A list that grows by a page at a time: thousands of buttons at once would stall the page.
  more(panel, all, from) {
    for (const dot of all.slice(from, from + PAGE)) {
      const button = make("button", { type: "button", className: "hit" });
      button.textContent = this.claim(dot) || this.rowName(this.data.dots.opinion[dot]);
      button.addEventListener("click", () => this.show(dot, true));
      panel.append(button);
    }
    if (from + PAGE >= all.length) return;
    const button = make("button", { type: "button" });
    button.textContent = `続きを表示（残り${count(all.length - from - PAGE)}件）`;
    button.addEventListener("click", () => {
      button.remove();
      this.more(panel, all, from + PAGE);
    });
    panel.append(button);
  }

  claim(dot) {
    const { dots, opinions, texts } = this.data;
    const text = texts[opinions.text[dots.opinion[dot]]];
    return text.slice(dots.start[dot], dots.start[dot] + dots.length[dot]);
  }

  rowName(opinion) {
    return this.data.isPublic ? `意見${opinion + 1}` : `${this.data.opinions.row[opinion]}行目`;
  }

  listTable() {
    const { opinions, texts, dots } = this.data;
    const panel = el("panel-table");
    const first = this.page * PAGE;
    const body = make("tbody");
    this.dotsOf = this.dotsOf || groupBy(dots.opinion);
    for (const opinion of this.listed.slice(first, first + PAGE)) {
      const [dot] = this.dotsOf.get(opinion);
      const open = make("button", { type: "button", textContent: this.rowName(opinion) });
      open.addEventListener("click", () => this.show(dot, true));
      const paths = [...new Set(this.dotsOf.get(opinion).map((at) => this.path(dots.topic[at])))];
      const text = short(texts[opinions.text[opinion]], this.words) || this.data.hidden;
      body.append(
        make("tr", {}, make("td", {}, open), make("td", { textContent: text }), make("td", { textContent: paths.join("、") })),
      );
    }
    const head = make("tr", {}, ...["行", "意見", "話題"].map((name) => make("th", { scope: "col", textContent: name })));
    const last = Math.min(this.listed.length, first + PAGE);
    const caption = this.listed.length
      ? `${count(this.listed.length)}件のうち ${count(first + 1)}〜${count(last)}件目`
      : "あてはまる意見はありません。言葉や絞り込みを変えてください。";
    const table = make("table", {}, make("caption", { textContent: caption }), make("thead", {}, head), body);
    panel.replaceChildren(table, this.turner(-1, "前へ", first > 0), this.turner(1, "次へ", last < this.listed.length));
  }

  turner(step, title, can) {
    const button = make("button", { type: "button", textContent: title, disabled: !can });
    button.addEventListener("click", () => {
      this.page += step;
      this.listTable();
    });
    return button;
  }

  // The opinion behind a dot: its words with the claim marked, and all that is known of it.
  show(dot, follow) {
    this.view.choose(dot, follow);
    const detail = el("detail");
    detail.hidden = dot < 0;
    if (dot < 0) return;
    const { data } = this;
    const opinion = data.dots.opinion[dot];
    const text = data.texts[data.opinions.text[opinion]];
    const start = data.dots.start[dot];
    const end = start + data.dots.length[dot];
    const words = make("p", { className: "text" });
    if (text) words.append(text.slice(0, start), make("mark", { textContent: text.slice(start, end) }), text.slice(end));
    else words.append(data.hidden);
    const close = make("button", { type: "button", textContent: "閉じる" });
    close.addEventListener("click", () => this.show(-1, false));
    const facts = make("dl");
    for (const [name, value] of this.facts(dot, opinion)) {
      if (value) facts.append(make("dt", { textContent: name }), make("dd", { textContent: value }));
    }
    detail.replaceChildren(words, facts, make("div", { className: "row" }, close));
    if (!follow) detail.scrollIntoView({ block: "nearest" });
  }

  facts(dot, opinion) {
    const { data } = this;
    const { opinions, dots } = data;
    const repeats = data.repeats[opinions.voice[opinion]];
    const attributes = data.names.map((name, at) => [name, data.values[at][opinions.attributes[at][opinion]]]);
    return [
      ["話題", this.path(dots.topic[dot])],
      ["行", data.isPublic ? "" : `${opinions.row[opinion]}行目（${opinions.id[opinion]}）`],
      ["賛否（推定）", data.stances[dots.stance[dot]]],
      ["該当箇所", data.sections[opinions.section[opinion]]],
      ["日付", opinions.date[opinion]],
      ...attributes,
      ["同じ文面", repeats > 1 ? `${count(repeats)}件（実質1件）` : ""],
    ];
  }

  makeTabs() {
    const tabs = [...document.querySelectorAll("[role=tab]")];
    tabs.forEach((tab, at) => {
      tab.addEventListener("click", () => this.open(tab.id.slice(4)));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const next = tabs[(at + step + tabs.length) % tabs.length];
        this.open(next.id.slice(4));
        next.focus();
      });
    });
  }

  open(name) {
    for (const tab of document.querySelectorAll("[role=tab]")) {
      const isOpen = tab.id === `tab-${name}`;
      tab.ariaSelected = String(isOpen);
      tab.tabIndex = isOpen ? 0 : -1;
      el(`panel-${tab.id.slice(4)}`).hidden = !isOpen;
    }
  }
}

function groupBy(keys) {
  const groups = new Map();
  keys.forEach((key, at) => {
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(at);
  });
  return groups;
}

// The part of a text around the words that were looked for.
function short(text, words) {
  if (text.length <= 120) return text;
  const at = words ? plain(text).indexOf(words) : 0;
  const from = Math.max(0, at - 40);
  return `${from ? "…" : ""}${text.slice(from, from + 120)}…`;
}
