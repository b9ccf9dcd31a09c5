// The map itself: dots written pixel by pixel, names on a second canvas above them.
// Without a graphics card, 30,000 dots as arcs take twice as long a frame and as sprites nearly
// three times (tests/bench/opinions_map.py).

class View {
  constructor(data, frame, dots, names) {
    this.data = data;
    this.frame = frame;
    this.dots = dots;
    this.names = names;
    this.count = data.dots.x.length;
    this.shown = new Uint8Array(this.count).fill(1);
    this.hit = new Uint8Array(this.count);
    this.chosen = -1;
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.dark.addEventListener("change", () => this.draw());
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    new ResizeObserver(() => this.resize()).observe(frame);
    this.resize();
  }

  resize() {
    this.ratio = Math.min(devicePixelRatio || 1, 2);
    this.width = Math.max(1, Math.round(this.frame.clientWidth * this.ratio));
    this.height = Math.max(1, Math.round(this.frame.clientHeight * this.ratio));
    for (const canvas of [this.dots, this.names]) {
      canvas.width = this.width;
      canvas.height = this.height;
    }
    this.image = new ImageData(this.width, this.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.draw();
  }

  // Data places are whole numbers, 10,000 to the unit; the map is about two units wide and high.
  unit() {
    return (Math.min(this.width, this.height) / 2.15) * this.scale;
  }

  where(dot) {
    const unit = this.unit() / 10000;
    return [
      this.width / 2 + (this.data.dots.x[dot] - this.x) * unit,
      this.height / 2 - (this.data.dots.y[dot] - this.y) * unit,
    ];
  }

  radius() {
    const crowd = Math.sqrt(2500 / Math.max(500, this.count));
    return Math.max(1.2, Math.min(5.5, 3.2 * crowd * Math.sqrt(this.scale))) * this.ratio;
  }

  draw() {
    if (this.asked) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      this.drawDots();
      this.drawNames();
    });
  }

  // Dots that do not pass the filters come first and faint; hits of a search come last.
  drawDots() {
    const theme = this.dark.matches ? 1 : 0;
    const paper = pixel(this.data.paper[theme]);
    const alone = pixel(this.data.alone[theme]);
    const colours = this.data.colours[theme].map(pixel);
    const faint = pixel(this.dark.matches ? "#3b4441" : "#d3d2cb");
    const full = stamps(this.radius(), this.width);
    const strong = stamps(this.radius() * 1.7, this.width);
    this.pixels.fill(paper);
    const { topic, repeat } = this.data.dots;
    const anyHit = this.searching;
    for (let pass = 0; pass < 3; pass++) {
      for (let dot = 0; dot < this.count; dot++) {
        const rank = this.shown[dot] ? (anyHit ? (this.hit[dot] ? 2 : 0) : 1) : 0;
        if (rank !== pass) continue;
        const number = topic[dot] < 0 ? -1 : this.data.topics[topic[dot]].colour;
        const colour = pass === 0 ? faint : number < 0 ? alone : colours[number];
        const kind = repeat[dot] ? "ring" : topic[dot] < 0 ? "diamond" : "disc";
        this.stamp(dot, (pass === 2 ? strong : full)[kind], colour);
      }
    }
    this.dots.getContext("2d", { willReadFrequently: true }).putImageData(this.image, 0, 0);
  }

  stamp(dot, stamp, colour) {
    const [left, top] = this.where(dot);
    const x = Math.round(left);
    const y = Math.round(top);
    const reach = stamp.reach;
    if (x < reach || y < reach || x >= this.width - reach || y >= this.height - reach) return;
    const at = y * this.width + x;
    const pixels = this.pixels;
    for (const offset of stamp.inside) pixels[at + offset] = colour;
    // At the rim half of what is there and half of the dot: the mean of each channel at once.
    for (const offset of stamp.rim) {
      const under = pixels[at + offset];
      pixels[at + offset] = ((((under ^ colour) & 0xfefefefe) >>> 1) + (under & colour)) >>> 0;
    }
  }

  drawNames() {
    const context = this.names.getContext("2d");
    context.clearRect(0, 0, this.width, this.height);
    const style = getComputedStyle(document.documentElement);
    const size = 13 * this.ratio;
    context.font = `600 ${size}px ${style.getPropertyValue("--sans")}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const taken = [];
    const deep = this.scale >= 2.5;
    for (const topic of this.data.order) {
      const about = this.data.topics[topic];
      if (about.x === null || (about.parent >= 0 && !deep)) continue;
      const unit = this.unit() / 10000;
      const x = this.width / 2 + (about.x - this.x) * unit;
      const y = this.height / 2 - (about.y - this.y) * unit;
      const wide = context.measureText(about.label).width + size;
      const box = free(x, y, wide, size * 1.6, taken, this);
      if (!box) continue;
      taken.push(box);
      context.fillStyle = style.getPropertyValue("--paper");
      context.globalAlpha = 0.85;
      context.fillRect(box[0], box[1], wide, size * 1.6);
      context.globalAlpha = 1;
      context.fillStyle = style.getPropertyValue("--ink");
      context.fillText(about.label, box[0] + wide / 2, box[1] + size * 0.8);
    }
    if (this.chosen >= 0) this.ring(context, style.getPropertyValue("--ink"));
  }

  ring(context, ink) {
    const [x, y] = this.where(this.chosen);
    context.strokeStyle = ink;
    context.lineWidth = 2.5 * this.ratio;
    context.beginPath();
    context.arc(x, y, this.radius() + 5 * this.ratio, 0, Math.PI * 2);
    context.stroke();
  }

  // (left, top) in canvas pixels, so that what lies under a finger stays under it.
  zoom(factor, left = this.width / 2, top = this.height / 2) {
    const before = this.unit();
    this.scale = Math.max(0.5, Math.min(60, this.scale * factor));
    const change = 10000 / before - 10000 / this.unit();
    this.x += (left - this.width / 2) * change;
    this.y -= (top - this.height / 2) * change;
    this.draw();
  }

  pan(left, top) {
    const unit = this.unit() / 10000;
    this.x = Math.max(-15000, Math.min(15000, this.x - left / unit));
    this.y = Math.max(-15000, Math.min(15000, this.y + top / unit));
    this.draw();
  }

  whole() {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.draw();
  }

  // The dot nearest to a place, within a finger's width; -1 for none.
  nearest(left, top, within) {
    let best = -1;
    let least = within * within;
    for (let dot = 0; dot < this.count; dot++) {
      if (!this.shown[dot]) continue;
      const [x, y] = this.where(dot);
      const distance = (x - left) ** 2 + (y - top) ** 2;
      if (distance < least) {
        least = distance;
        best = dot;
      }
    }
    return best;
  }

  choose(dot, follow) {
    this.chosen = dot;
    if (follow && dot >= 0) {
      const [x, y] = this.where(dot);
      const edge = 40 * this.ratio;
      if (x < edge || y < edge || x > this.width - edge || y > this.height - edge) {
        this.x = this.data.dots.x[dot];
        this.y = this.data.dots.y[dot];
      }
    }
    this.draw();
  }
}

function pixel(colour) {
  const number = parseInt(colour.slice(1), 16);
  const [red, green, blue] = [number >> 16, (number >> 8) & 255, number & 255];
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

// Which pixels around its middle a dot covers, as distances in the picture.
function stamps(radius, width) {
  const reach = Math.ceil(radius * 1.35) + 1;
  const made = {};
  const depth = {
    disc: (x, y) => radius - Math.hypot(x, y),
    ring: (x, y) => Math.min(radius - Math.hypot(x, y), Math.hypot(x, y) - radius * 0.55),
    diamond: (x, y) => (radius * 1.35 - Math.abs(x) - Math.abs(y)) * 0.75,
  };
  for (const [kind, inside] of Object.entries(depth)) {
    made[kind] = { reach, inside: [], rim: [] };
    for (let y = -reach; y <= reach; y++) {
      for (let x = -reach; x <= reach; x++) {
        const deep = inside(x, y);
        if (deep > 0.25) made[kind].inside.push(y * width + x);
        else if (deep > -0.4) made[kind].rim.push(y * width + x);
      }
    }
  }
  return made;
}

// A free place for a name, null for none. Over a crowd it hides nothing; among a few dots it
// stands above or below them.
function free(x, y, wide, high, taken, { width, height, count }) {
  for (const shift of count > 1000 ? [0, 1, -1, 2, -2] : [-1, 1, 0, -2, 2]) {
    const box = [x - wide / 2, y - high / 2 + shift * high, x + wide / 2, y + high / 2 + shift * high];
    if (box[0] < 0 || box[1] < 0 || box[2] > width || box[3] > height) continue;
    const apart = (other) =>
      box[2] < other[0] || box[0] > other[2] || box[3] < other[1] || box[1] > other[3];
    if (taken.every(apart)) return box;
  }
  return null;
}
