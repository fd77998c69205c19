"use strict";

// Arrays out of the blocks that packing.py makes; the table there says what they hold.
const Unpack = (() => {
  async function inflated(text) {
    const packed = atob(text);
    const bytes = new Uint8Array(packed.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = packed.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  // The numbers of `size` bytes each whose lowest bytes come first, then the next ones.
  function numbers(bytes, size, Type) {
    const count = bytes.length / size;
    const found = new Type(count);
    for (let plane = 0; plane < size; plane++) {
      const start = plane * count, shift = 8 * plane;
      for (let i = 0; i < count; i++) found[i] |= bytes[start + i] << shift;
    }
    return found;
  }

  const kinds = {
    steps(bytes, width) {
      const rows = numbers(bytes, 2, Uint16Array);
      for (let i = width; i < rows.length; i++) rows[i] += rows[i - width];
      return rows;
    },
    levels(bytes, width) {
      for (let i = width; i < bytes.length; i++) bytes[i] += bytes[i - width];
      return bytes;
    },
    offsets(bytes) {
      const rows = numbers(bytes, 2, Uint16Array), found = new Int16Array(rows.length);
      for (let i = 0; i < rows.length; i++) found[i] = (rows[i] >>> 1) ^ -(rows[i] & 1);
      return found;
    },
    faces(bytes) {
      const rows = numbers(bytes, 4, Uint32Array);
      let first = 0;
      for (let i = 0; i < rows.length; i += 3) {
        first += rows[i];
        rows[i] = first;
        rows[i + 1] += first;
        rows[i + 2] += first;
      }
      return rows;
    },
    floats(bytes) {
      const bits = new Uint32Array(numbers(bytes, 2, Uint16Array));
      for (let i = 0; i < bits.length; i++) bits[i] <<= 16;
      return new Float32Array(bits.buffer);
    },
    bytes: (bytes) => bytes,
  };

  return async (block) => (block ? kinds[block.kind](await inflated(block.data), block.width) : null);
})();
