"use strict";

// Images and maps of one size to look at, one Panel per canvas, all of them through one Camera.
const Pictures = (() => {
  const BOARD = [204, 237], SQUARE = 8; // what shows through transparent parts
  const MARK = "#e0661a";

  async function scaled(part, count) {
    const steps = await Unpack(part.values), found = new Float32Array(steps.length);
    for (let i = 0; i < steps.length; i++) found[i] = steps[i] * part.unit;
    return { values: found, width: found.length / count, reach: part.reach };
  }

  // A plate, unpacked: given, fitted and error have `channels` numbers a pixel, maps have one.
  async function unpack(data) {
    const count = data.rows * data.columns, levels = await Unpack(data.given);
    const given = new Float32Array(levels.length), fitted = new Float32Array(levels.length);
    const error = await scaled(data.error, count);
    for (let i = 0; i < levels.length; i++) {
      given[i] = data.low + (levels[i] / data.full) * (data.high - data.low);
      fitted[i] = given[i] + error.values[i];
    }
    const size = new Float32Array(count), signed = new Float32Array(count), width = error.width;
    for (let i = 0; i < error.values.length; i++) {
      const pixel = Math.floor(i / width);
      size[pixel] += Math.abs(error.values[i]) / width;
      signed[pixel] += error.values[i] / width;
    }
    const gradient = await scaled(data.gradient, count), laplacian = await scaled(data.laplacian, count);
    const maps = {
      error: { values: size, reach: error.reach, signed: false },
      signed: { values: signed, reach: error.reach, signed: true },
      gradient: { ...gradient, signed: false },
      laplacian: { ...laplacian, signed: true },
    };
    return { data, given, fitted, error: error.values, maps };
  }

  function canvas(data, paint) {
    const found = document.createElement("canvas");
    found.width = data.columns;
    found.height = data.rows;
    const context = found.getContext("2d"), image = context.createImageData(data.columns, data.rows);
    paint(image.data);
    context.putImageData(image, 0, 0);
    return found;
  }

  // Grey, grey and alpha, RGB or RGBA as a picture; what is beyond the range is clipped.
  function picture({ data }, values) {
    const { channels, columns, low, high } = data, clear = channels === 2 || channels === 4;
    const colours = clear ? channels - 1 : channels;
    const unit = (value) => Math.min(Math.max((value - low) / (high - low), 0), 1);
    return canvas(data, (bytes) => {
      for (let pixel = 0, i = 0; i < values.length; pixel++, i += channels) {
        const alpha = clear ? unit(values[i + colours]) : 1;
        const row = Math.floor(pixel / columns), column = pixel % columns;
        const board = BOARD[(Math.floor(row / SQUARE) + Math.floor(column / SQUARE)) % 2];
        for (let c = 0; c < 3; c++) {
          bytes[4 * pixel + c] = 255 * unit(values[i + Math.min(c, colours - 1)]) * alpha + board * (1 - alpha);
        }
        bytes[4 * pixel + 3] = 255;
      }
    });
  }

  function map({ data }, values, low, high, stops) {
    const table = Colours.table(stops);
    return canvas(data, (bytes) => {
      for (let pixel = 0; pixel < values.length; pixel++) {
        const row = Colours.row(values[pixel], low, high);
        for (let c = 0; c < 3; c++) bytes[4 * pixel + c] = table[row + c];
        bytes[4 * pixel + 3] = 255;
      }
    });
  }

  // Where one looks: the middle as shares of the image's width and height, and how often it is enlarged.
  class Camera {
    constructor() { this.reset(); }

    reset() { [this.x, this.y, this.zoom] = [0.5, 0.5, 1]; }

    // Size and place of an image of width by height on a canvas of w by h; the image does not leave it.
    frame(width, height, w, h) {
      const scale = Math.min(w / width, h / height) * this.zoom;
      const keep = (share, size, room) => {
        const half = Math.min(room / (2 * size * scale), 0.5);
        return Math.min(Math.max(share, half), 1 - half);
      };
      const x = keep(this.x, width, w), y = keep(this.y, height, h);
      return { scale, x, y, left: w / 2 - x * width * scale, top: h / 2 - y * height * scale };
    }
  }

  class Panel {
    // layers() gives what to draw: { content, under, over, share } where `over` covers that share of the canvas.
    constructor(canvas, camera, layers) {
      Object.assign(this, { canvas, camera, layers, context: canvas.getContext("2d"), mark: null });
    }

    get size() {
      const { rows, columns, pixel: [height, width] } = this.layers().content.data;
      return [columns * width, rows * height];
    }

    get frame() {
      return this.camera.frame(...this.size, this.canvas.clientWidth, this.canvas.clientHeight);
    }

    resize() {
      const ratio = Math.min(window.devicePixelRatio, 2), { clientWidth, clientHeight } = this.canvas;
      this.canvas.width = Math.round(clientWidth * ratio);
      this.canvas.height = Math.round(clientHeight * ratio);
      this.draw();
    }

    draw() {
      const { canvas, context } = this, { content, under, over, share } = this.layers(), { data } = content;
      if (!canvas.width || !canvas.height) return;
      // A finger on what is not enlarged scrolls the page.
      canvas.style.touchAction = this.camera.zoom > 1 ? "none" : "pan-y";
      const ratio = canvas.width / canvas.clientWidth, { scale, left, top } = this.frame;
      const [width, height] = this.size.map((size) => size * scale);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
      // A pixel that is larger than the screen's is seen as what it is.
      context.imageSmoothingEnabled = (width / data.columns) * ratio < 1;
      context.imageSmoothingQuality = "high";
      context.drawImage(under, left, top, width, height);
      if (over && share > 0) {
        const border = canvas.clientWidth * share;
        context.save();
        context.beginPath();
        context.rect(0, 0, border, canvas.clientHeight);
        context.clip();
        context.drawImage(over, left, top, width, height);
        context.restore();
        context.fillStyle = MARK;
        if (share < 1) context.fillRect(border - 0.5, 0, 1, canvas.clientHeight);
      }
      if (this.mark) this.outline(left, top, width / data.columns, height / data.rows);
    }

    outline(left, top, width, height) {
      const { context, mark: [row, column] } = this, room = Math.max(0, 7 - width);
      context.strokeStyle = MARK;
      context.lineWidth = 1.5;
      context.strokeRect(
        left + column * width - 1 - room / 2, top + row * height - 1 - room / 2, width + 2 + room, height + 2 + room);
    }

    // Row and column of the pixel at a place of the canvas; null beside the image.
    at(x, y) {
      const { data } = this.layers().content, { scale, left, top } = this.frame, [width, height] = this.size;
      const column = Math.floor(((x - left) / (width * scale)) * data.columns);
      const row = Math.floor(((y - top) / (height * scale)) * data.rows);
      return row >= 0 && column >= 0 && row < data.rows && column < data.columns ? [row, column] : null;
    }

    // Move what is at one place of the canvas to another one, and enlarge it there.
    drag(from, to, factor, most) {
      const before = this.frame, [width, height] = this.size, { clientWidth: w, clientHeight: h } = this.canvas;
      const share = [(from[0] - before.left) / (width * before.scale), (from[1] - before.top) / (height * before.scale)];
      const whole = before.scale / this.camera.zoom;
      this.camera.zoom = Math.min(Math.max(this.camera.zoom * factor, 1), most);
      const scale = whole * this.camera.zoom;
      this.camera.x = share[0] - (to[0] - w / 2) / (width * scale);
      this.camera.y = share[1] - (to[1] - h / 2) / (height * scale);
      const { x, y } = this.frame;
      [this.camera.x, this.camera.y] = [x, y];
    }
  }

  return { Camera, Panel, unpack, picture, map };
})();
