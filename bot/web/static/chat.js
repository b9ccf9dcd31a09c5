// The chat page: sends a question, shows the placeholder, puts the answer in its place.
// Without this script the same forms work as plain posts.
"use strict";

(() => {
  const form = document.getElementById("ask");
  const box = document.getElementById("text");
  const send = document.getElementById("send");
  const notice = document.getElementById("notice");
  const exchanges = document.getElementById("exchanges");
  const welcome = document.getElementById("welcome");
  const announce = document.getElementById("announce");
  const file = document.getElementById("file");
  const fileName = document.getElementById("file-name");
  const fileClear = document.getElementById("file-clear");
  const workspace = document.getElementById("workspace");
  const csrf = form.elements.csrf.value;
  const longest = Number(form.dataset.longest);
  const largest = Number(form.dataset.fileBytes);
  const onPhone = window.matchMedia("(pointer: coarse)").matches;
  const OFFLINE = "サーバーにつながりません。接続を確かめて、もう一度送信してください。書いた文章はそのまま残しています。";
  const CUT = "接続が途中で切れました。ページを読み込み直すと、回答が届いていることがあります。書いた文章はそのまま残しています。";
  let busy = false;

  document.documentElement.classList.add("script");

  function say(text) {
    notice.textContent = text;
    notice.hidden = !text;
  }

  function element(tag, className, text) {
    const made = document.createElement(tag);
    made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function grow() {
    if (CSS.supports("field-sizing", "content")) return;
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  }

  function showFile() {
    const chosen = file.files[0];
    fileName.hidden = fileClear.hidden = !chosen;
    fileName.textContent = chosen ? chosen.name : "";
  }

  function keepThread(thread) {
    form.elements.thread.value = thread;
    history.replaceState(null, "", `/chat?thread=${encodeURIComponent(thread)}`);
    if (workspace) workspace.disabled = true;
  }

  // The question and its placeholder, until the server's own rendering replaces both.
  function waiting(text, attached) {
    const article = element("article", "exchange");
    const question = element("div", "question");
    if (text) question.append(element("p", "question-text", text));
    if (attached) question.append(element("p", "question-file", `添付：${attached}`));
    const answer = element("div", "answer waiting");
    const placeholder = element("p", "placeholder", "調べています…");
    const stop = element("button", "button small");
    stop.type = "button";
    stop.hidden = true;
    answer.append(placeholder, stop);
    article.append(question, answer);
    exchanges.append(article);
    welcome.hidden = true;
    article.scrollIntoView({ block: "start" });
    announce.textContent = "調べています…";
    return { article, placeholder, stop };
  }

  async function* lines(response) {
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      rest += decoder.decode(value, { stream: true });
      const parts = rest.split("\n");
      rest = parts.pop();
      for (const part of parts) if (part) yield JSON.parse(part);
    }
  }

  function post(address, body) {
    return fetch(address, {
      method: "POST",
      body,
      headers: { Accept: "application/x-ndjson", "X-CSRF-Token": csrf },
    });
  }

  async function refusal(response) {
    try {
      return (await response.json()).text;
    } catch {
      return "うまく処理できませんでした。もう一度お試しください。";
    }
  }

  async function stopWork(stop, { thread, turn }) {
    const body = new FormData();
    for (const [name, value] of Object.entries({ csrf, thread, turn, command: "stop" })) body.set(name, value);
    stop.disabled = true;
    try {
      const response = await post("/chat/press", body);
      if (!response.ok) throw new Error(await refusal(response));
      announce.textContent = (await response.json()).text;
    } catch {
      stop.disabled = false;
      say("中止できませんでした。もう一度お試しください。");
    }
  }

  // Returns "" when the answer is shown, else a sentence saying why not.
  async function ask(address, body, text, attached) {
    const { article, placeholder, stop } = waiting(text, attached);
    let begun = false;
    try {
      const response = await post(address, body);
      if (!response.ok) {
        article.remove();
        return await refusal(response);
      }
      for await (const line of lines(response)) {
        begun = true;
        if (line.kind === "thread") {
          keepThread(line.thread);
          stop.addEventListener("click", () => stopWork(stop, line));
        }
        if (line.kind === "progress") {
          placeholder.textContent = line.text;
          stop.textContent = line.stop;
          stop.hidden = !line.stop;
        }
        if (line.kind === "answer") {
          const holder = document.createElement("template");
          holder.innerHTML = line.html;
          const answered = holder.content.firstElementChild;
          article.replaceWith(answered);
          announce.textContent = line.summary;
          return "";
        }
      }
      article.remove();
      return CUT;
    } catch {
      article.remove();
      return begun ? CUT : OFFLINE;
    }
  }

  async function run(address, body, text, attached) {
    if (busy) return;
    busy = true;
    send.disabled = true;
    say("");
    const problem = await ask(address, body, text, attached);
    busy = false;
    send.disabled = false;
    welcome.hidden = exchanges.childElementCount > 0;
    if (problem) {
      announce.textContent = "";
      say(problem);
    }
    return problem;
  }

  async function submit(event) {
    event.preventDefault();
    if (busy) return;
    const text = box.value.trim();
    const chosen = file.files[0];
    if (!text && !chosen) return say("質問を書いてから送信してください。");
    if (text.length > longest) {
      return say(`文章が長すぎます（${text.length.toLocaleString()}文字）。${longest.toLocaleString()}文字までに短くするか、ファイルで添付してください。`);
    }
    if (chosen && chosen.size > largest) return say("添付できるファイルは20MBまでです。");
    const body = new FormData(form);
    const typed = box.value;
    box.value = "";
    grow();
    const problem = await run("/chat", body, text, chosen ? chosen.name : "");
    if (problem) {
      if (!box.value) box.value = typed;
      grow();
    } else {
      file.value = "";
      showFile();
    }
    if (!onPhone) box.focus();
  }

  async function askStarter(starter, from) {
    const body = new FormData(from);
    body.set("text", starter.value);
    body.set("thread", form.elements.thread.value);
    if (workspace) body.set("workspace", workspace.value);
    const problem = await run("/chat", body, starter.value, "");
    if (problem && !box.value) box.value = starter.value;
  }

  async function press(from, title) {
    const body = new FormData(from);
    if (from.dataset.command !== "feedback") return run("/chat/press", body, title, "");
    const row = from.closest(".actions");
    const buttons = row.querySelectorAll("button");
    buttons.forEach((button) => { button.disabled = true; });
    try {
      const response = await post("/chat/press", body);
      if (!response.ok) throw new Error(await refusal(response));
      const thanks = element("p", "thanks", (await response.json()).text);
      thanks.setAttribute("role", "status");
      row.replaceWith(thanks);
    } catch {
      buttons.forEach((button) => { button.disabled = false; });
      say("記録できませんでした。もう一度お試しください。");
    }
  }

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "コピーしました";
    } catch {
      const range = document.createRange();
      range.selectNodeContents(button.parentElement.querySelector(".turn"));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
    }
  }

  function showSource(link) {
    const card = document.getElementById(link.getAttribute("href").slice(1));
    if (!card) return;
    document.querySelectorAll(".source.shown").forEach((other) => other.classList.remove("shown"));
    card.classList.add("shown");
    const quote = card.querySelector("details");
    if (quote) quote.open = true;
    card.scrollIntoView({ block: "nearest" });
    card.focus({ preventScroll: true });
  }

  form.addEventListener("submit", submit);
  box.addEventListener("input", grow);
  box.addEventListener("keydown", (event) => {
    // 229: the Enter that ends an IME composition, where the browser has already closed it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    if (onPhone) return;
    event.preventDefault();
    form.requestSubmit();
  });
  file.addEventListener("change", showFile);
  fileClear.addEventListener("click", () => { file.value = ""; showFile(); box.focus(); });
  document.addEventListener("submit", (event) => {
    const from = event.target;
    if (from.matches(".ask-form")) {
      event.preventDefault();
      if (event.submitter) askStarter(event.submitter, from);
    } else if (from.matches(".press-form")) {
      event.preventDefault();
      press(from, event.submitter ? event.submitter.textContent : "");
    }
  });
  document.addEventListener("click", (event) => {
    const cite = event.target.closest("a.cite");
    if (cite) {
      event.preventDefault();
      showSource(cite);
    }
    const button = event.target.closest("button.copy");
    if (button) copy(button);
  });
  const last = exchanges.lastElementChild;
  if (last && !location.hash) last.scrollIntoView({ block: "start" });
  // Opened again while the answer is still being worked on.
  if (last && last.querySelector(".waiting")) {
    setTimeout(() => { if (!busy && !box.value) location.reload(); }, 2000);
  }
  grow();
})();
