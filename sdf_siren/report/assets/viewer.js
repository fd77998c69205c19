"use strict";

// A mesh and its scan to look at: one View per canvas, drawn only when something has changed.
const Viewer = (() => {
  const FIELD_OF_VIEW = 30, MARGIN = 1.01;
  const STARTS = [[35, 18], [90, 8], [215, 18], [20, 72]]; // azimuth, elevation; as in preview.png
  const CLAY = [201, 196, 188], DOTS = [58, 110, 165], MARK = 0xe0661a;

  // An axis that points up, as a turn of everything; the viewer's own is y.
  const TURNS = { x: [0, 0, Math.PI / 2], y: [0, 0, 0], z: [-Math.PI / 2, 0, 0] };

  const linear = (byte) => new Three.Color().setRGB(byte / 255, 0, 0, "srgb").r;
  const LINEAR = Float32Array.from({ length: 256 }, (_, byte) => linear(byte));

  function box(data, vertices) {
    const high = [0, 0, 0];
    for (let i = 0; i < vertices.length; i++) high[i % 3] = Math.max(high[i % 3], vertices[i]);
    return { low: data.low, high: data.low.map((low, k) => low + high[k] * data.step) };
  }

  class View {
    // frame: { centre, radius } in the scan's coordinates, what fills the picture.
    constructor(canvas, context, content, frame) {
      this.content = content;
      this.frame = frame;
      this.picks = [];
      this.moved = () => {};
      this.picked = () => {};
      this.canvas = canvas;
      this.renderer = new Three.WebGLRenderer({ canvas, context, antialias: true, alpha: true });
      this.scene = new Three.Scene();
      this.camera = new Three.PerspectiveCamera(FIELD_OF_VIEW, 1, 0.01, 100);
      // From so near the eye that the edge of their shadow is hardly seen.
      const key = new Three.DirectionalLight(0xffffff, 2.1), fill = new Three.DirectionalLight(0xffffff, 0.6);
      key.position.set(-0.35, 0.55, 1);
      fill.position.set(0.6, -0.15, 1);
      this.camera.add(key, key.target, fill, fill.target);
      this.subject = new Three.Group();
      this.scene.add(this.camera, new Three.AmbientLight(0xffffff, 0.75), this.subject);
      this.controls = new Three.OrbitControls(this.camera, canvas);
      this.controls.zoomToCursor = true;
      this.controls.addEventListener("change", () => { this.draw(); this.moved(this); });
      this.build();
      this.turn(content.data.up);
      this.listen();
      this.look(0);
    }

    local(steps) {
      const { data } = this.content, { centre, radius } = this.frame, found = new Float32Array(steps.length);
      for (let i = 0; i < steps.length; i++) {
        found[i] = (data.low[i % 3] + steps[i] * data.step - centre[i % 3]) / radius;
      }
      return found;
    }

    build() {
      const { vertices, faces, normals, points } = this.content;
      const surface = new Three.BufferGeometry();
      surface.setAttribute("position", new Three.BufferAttribute(this.local(vertices), 3));
      surface.setAttribute("normal", new Three.BufferAttribute(Float32Array.from(normals, (n) => n / 127), 3));
      surface.setAttribute("color", new Three.BufferAttribute(new Float32Array(vertices.length), 3));
      surface.setIndex(new Three.BufferAttribute(faces, 1));
      const material = { vertexColors: true, side: Three.DoubleSide, shininess: 18, specular: 0x1c1c1c };
      // Pushed back a little, so that points on the surface are in front of it.
      const behind = { polygonOffset: true, polygonOffsetFactor: 1, polygonOffsetUnits: 1 };
      this.mesh = new Three.Mesh(surface, new Three.MeshPhongMaterial({ ...material, ...behind }));
      this.subject.add(this.mesh);
      if (points) {
        const cloud = new Three.BufferGeometry();
        cloud.setAttribute("position", new Three.BufferAttribute(this.local(points), 3));
        cloud.setAttribute("color", new Three.BufferAttribute(new Float32Array(points.length), 3));
        const size = points.length > 60000 ? 2 : 3;
        const dots = new Three.PointsMaterial({ size, sizeAttenuation: false, vertexColors: true });
        this.points = new Three.Points(cloud, dots);
        this.points.visible = false;
        this.subject.add(this.points);
      }
      const over = { color: MARK, depthTest: false, transparent: true };
      const empty = () => {
        const geometry = new Three.BufferGeometry();
        geometry.setAttribute("position", new Three.BufferAttribute(new Float32Array(6), 3));
        geometry.setDrawRange(0, 0);
        return geometry;
      };
      this.marks = new Three.Points(empty(), new Three.PointsMaterial({ ...over, size: 9, sizeAttenuation: false }));
      this.ruler = new Three.LineSegments(empty(), new Three.LineBasicMaterial(over));
      this.marks.frustumCulled = this.ruler.frustumCulled = false;
      this.marks.renderOrder = this.ruler.renderOrder = 1;
      this.subject.add(this.marks, this.ruler);
    }

    listen() {
      let start = null;
      this.canvas.addEventListener("pointerdown", (event) => { start = event; });
      this.canvas.addEventListener("pointerup", (event) => {
        const still = start && Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) < 5;
        if (still && event.button === 0) this.pick(event.offsetX, event.offsetY);
        start = null;
      });
      new ResizeObserver(() => this.resize()).observe(this.canvas.parentElement);
    }

    resize() {
      const { clientWidth: width, clientHeight: height } = this.canvas.parentElement;
      if (!width || !height) return;
      this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
      this.renderer.setSize(width, height, false);
      const before = this.reach();
      this.camera.aspect = width / height;
      this.camera.updateProjectionMatrix();
      // A picture that becomes narrow still shows as much.
      const offset = this.camera.position.clone().sub(this.controls.target);
      this.camera.position.copy(this.controls.target).addScaledVector(offset, this.reach() / before);
      this.render();
    }

    // How far away the camera has to be for the subject to fill the picture.
    reach() {
      const half = Math.tan((FIELD_OF_VIEW / 2) * (Math.PI / 180)) * Math.min(1, this.camera.aspect);
      return MARGIN / Math.sin(Math.atan(half));
    }

    draw() {
      if (this.waiting) return;
      this.waiting = true;
      requestAnimationFrame(() => this.render());
    }

    render() {
      this.waiting = false;
      this.renderer.render(this.scene, this.camera);
    }

    look(number) {
      const [azimuth, elevation] = STARTS[number].map((degrees) => (degrees * Math.PI) / 180);
      this.controls.target.set(0, 0, 0);
      this.camera.position.setFromSphericalCoords(this.reach(), Math.PI / 2 - elevation, azimuth);
      this.controls.update();
      this.draw();
    }

    orbit(right, up) {
      const target = this.controls.target, offset = this.camera.position.clone().sub(target);
      const length = offset.length(), azimuth = Math.atan2(offset.x, offset.z) + right;
      const polar = Math.min(Math.max(Math.acos(offset.y / length) - up, 0.01), Math.PI - 0.01);
      this.camera.position.setFromSphericalCoords(length, polar, azimuth).add(target);
      this.controls.update();
    }

    zoom(factor) {
      const target = this.controls.target;
      this.camera.position.sub(target).divideScalar(factor).add(target);
      this.controls.update();
    }

    follow(other) {
      this.controls.target.copy(other.controls.target);
      this.camera.position.copy(other.camera.position);
      this.camera.quaternion.copy(other.camera.quaternion);
      this.draw();
    }

    turn(axis) {
      this.subject.rotation.set(...TURNS[axis]);
      this.subject.updateMatrixWorld();
      this.draw();
    }

    show(mesh, points) {
      this.mesh.visible = mesh;
      if (this.points) this.points.visible = points;
      this.draw();
    }

    // layer: { kind: "plain" | "given" | "values", surface, points, low, high, stops }; values are one per vertex
    // and point, or null where there are none.
    colour(layer) {
      const { colours, point_colours } = this.content;
      const table = layer.kind === "values" ? Colours.table(layer.stops) : null;
      const paint = (object, values, given, plain) => {
        const attribute = object.geometry.getAttribute("color"), out = attribute.array;
        for (let i = 0; i < attribute.count; i++) {
          let red = plain[0], green = plain[1], blue = plain[2];
          if (table && values) {
            const value = values[i], row = Colours.row(value, layer.low, layer.high);
            [red, green, blue] = value === value ? [table[row], table[row + 1], table[row + 2]] : Colours.NOTHING;
          } else if (layer.kind === "given" && given) {
            red = given[3 * i];
            green = given[3 * i + 1];
            blue = given[3 * i + 2];
          }
          out[3 * i] = LINEAR[red];
          out[3 * i + 1] = LINEAR[green];
          out[3 * i + 2] = LINEAR[blue];
        }
        attribute.needsUpdate = true;
      };
      paint(this.mesh, layer.surface, colours, CLAY);
      if (this.points) paint(this.points, layer.points, point_colours, DOTS);
      this.layer = layer;
      this.draw();
    }

    pick(x, y) {
      const caster = new Three.Raycaster(), { clientWidth, clientHeight } = this.canvas;
      caster.setFromCamera(new Three.Vector2((2 * x) / clientWidth - 1, 1 - (2 * y) / clientHeight), this.camera);
      const distance = this.camera.position.distanceTo(this.controls.target);
      const pixel = (2 * distance * Math.tan((FIELD_OF_VIEW / 2) * (Math.PI / 180))) / clientHeight;
      caster.params.Points.threshold = 4 * pixel;
      const on = (object) => (object && object.visible ? caster.intersectObject(object) : []);
      const surface = on(this.mesh)[0], dots = on(this.points);
      // A point counts unless the surface hides it.
      const dot = dots.find((hit) => !surface || hit.distance < surface.distance + 4 * pixel);
      const hit = dot || surface;
      this.picks = hit ? [...(this.picks.length === 1 ? this.picks : []), this.described(hit)] : [];
      this.mark();
    }

    described(hit) {
      const found = { place: null, value: null, onPoint: hit.object === this.points };
      const { centre, radius } = this.frame;
      if (found.onPoint) {
        found.local = new Three.Vector3().fromBufferAttribute(this.points.geometry.getAttribute("position"), hit.index);
        if (this.content.distances) found.value = this.content.distances[hit.index];
      } else {
        found.local = this.subject.worldToLocal(hit.point.clone());
        const corner = new Three.Vector3(), place = this.mesh.geometry.getAttribute("position");
        const away = (index) => corner.fromBufferAttribute(place, index).distanceTo(found.local);
        const nearest = [hit.face.a, hit.face.b, hit.face.c].sort((one, other) => away(one) - away(other))[0];
        const values = this.layer && this.layer.kind === "values" ? this.layer.surface : null;
        if (values) found.value = values[nearest];
      }
      found.place = found.local.toArray().map((value, k) => centre[k] + value * radius);
      return found;
    }

    mark() {
      for (const object of [this.marks, this.ruler]) {
        const place = object.geometry.getAttribute("position");
        this.picks.forEach((pick, k) => place.setXYZ(k, ...pick.local.toArray()));
        place.needsUpdate = true;
        object.geometry.setDrawRange(0, object === this.marks || this.picks.length === 2 ? this.picks.length : 0);
      }
      this.picked(this);
      this.draw();
    }

    clear() {
      this.picks = [];
      this.mark();
    }
  }

  // Everything in a payload, unpacked.
  async function unpack(data) {
    const names = ["vertices", "faces", "normals", "colours", "points", "point_colours", "distances"];
    const content = { data };
    for (const name of names) content[name] = await Unpack(data[name]);
    content.normals = new Int8Array(content.normals.buffer);
    content.scalars = {};
    for (const [name, scalar] of Object.entries(data.scalars)) content.scalars[name] = await Unpack(scalar.values);
    content.box = box(data, content.vertices);
    return content;
  }

  // A frame around what some contents show, as large as the farthest vertex asks for.
  function around(contents) {
    const boxes = contents.map((content) => content.box);
    const low = [0, 1, 2].map((k) => Math.min(...boxes.map((each) => each.low[k])));
    const high = [0, 1, 2].map((k) => Math.max(...boxes.map((each) => each.high[k])));
    const centre = low.map((value, k) => (value + high[k]) / 2);
    let most = 0;
    for (const { data, vertices } of contents) {
      const start = data.low.map((value, k) => value - centre[k]);
      for (let i = 0; i < vertices.length; i += 3) {
        const x = start[0] + vertices[i] * data.step, y = start[1] + vertices[i + 1] * data.step;
        const z = start[2] + vertices[i + 2] * data.step;
        most = Math.max(most, x * x + y * y + z * z);
      }
    }
    return { centre, radius: Math.sqrt(most) || 1 };
  }

  return { View, unpack, around };
})();
