/**
 * One point a vehicle. The vertex shader moves it between its two places; the fragment shader draws the shape that its state
 * has: arrow, amber ring, red padlock that pulses twice, green tick; hollow and dashed when its signal is lost.
 */
const uniforms = /* glsl */ `\
uniform vec4 ordinaryColor;
uniform vec4 exposedColor;
uniform vec4 lockedColor;
uniform vec4 releasedColor;
uniform vec4 haloColor;
uniform float timeS;
uniform float scale;
uniform float selected;
`;

/**
 * What goes from the vertex to the fragments. Where a processor draws, each number of it costs something for each point, so
 * the ordinary ones hand over no more than where they face and whether they are lost or chosen.
 */
function varyings(pass: "ordinary" | "special", way: "in" | "out"): string {
  const names =
    way === "out"
      ? ""
      : pass === "ordinary"
        ? `
#define halfSize (7.0 * scale)
#define reach (halfSize * (chosen > 0.5 ? 1.75 : 1.15))
`
        : `
#define halfSize form.x
#define reach form.y
#define kind form.z
#define pulse form.w
`;
  const shared = way === "out" ? "" : "#define facing face.xy\n#define lost face.z\n#define chosen face.w\n";
  return `flat ${way} vec4 face;\n${pass === "ordinary" ? "" : `flat ${way} vec4 form;\n`}${shared}${names}`;
}

/**
 * `course`: Mercator offset from the origin and the way to go. `span`: start and duration (s). `look`: heading (degrees), state, lost (0 or
 * 1), start of the pulse (s). Times are seconds from when the columns were written.
 */
const vertexShader = (pass: "ordinary" | "special"): string => /* glsl */ `\
#version 300 es
#define SHADER_NAME vehicle-layer-vertex
precision highp float;
${uniforms}
uniform vec2 toClip;
uniform vec2 shift;
uniform float pixelRatio;
${varyings(pass, "out")}
in vec4 course;
in vec2 span;
in vec4 look;

void main(void) {
  float isChosen = abs(float(gl_VertexID) - selected) < 0.5 ? 1.0 : 0.0;
  float angle = radians(look.x);
  face = vec4(sin(angle), cos(angle), look.z, isChosen);
  float halfSize = 7.0 * scale;
  float reach = halfSize * (isChosen > 0.5 ? 1.75 : 1.15);
${
  pass === "ordinary"
    ? ""
    : `
  float kind = look.y;
  float since = timeS - look.w;
  float pulse = kind > 1.5 && kind < 2.5 && since >= 0.0 && since < 2.4 ? fract(since / 1.2) : -1.0;
  halfSize = (kind < 1.5 ? 12.0 : 14.0) * (0.6 + 0.4 * scale);
  reach = halfSize * (pulse >= 0.0 ? 2.6 : (isChosen > 0.5 ? 1.75 : 1.15));
  form = vec4(halfSize, reach, kind, pulse);
`
}
  float share = clamp((timeS - span.x) / span.y, 0.0, 1.0);
  gl_Position = vec4((course.xy + course.zw * share) * toClip + shift, 0.0, 1.0);
  gl_PointSize = 2.0 * reach * pixelRatio;
}
`;

export const ordinaryVertexShader = vertexShader("ordinary");
export const specialVertexShader = vertexShader("special");

/**
 * An ordinary vehicle as two opaque triangles, or as a point where there are too many: each pixel of a square that is shaded, blended or left out again costs a
 * processor more than the whole arrow does. The same arrow as below, without its soft edge.
 */
export const plainVertexShader = /* glsl */ `\
#version 300 es
#define SHADER_NAME vehicle-layer-vertex
precision highp float;
uniform float timeS;
uniform float scale;
uniform vec2 toClip;
uniform vec2 shift;
uniform vec2 perPixel;
uniform float pixelRatio;
uniform float isPoint;
in vec4 course;
in vec2 span;
in vec4 look;

const vec2 corners[4] = vec2[](vec2(-0.721, -0.8205), vec2(0.0, 1.0), vec2(0.0, -0.42), vec2(0.721, -0.8205));

void main(void) {
  float share = clamp((timeS - span.x) / span.y, 0.0, 1.0);
  vec2 place = (course.xy + course.zw * share) * toClip + shift;
  if (isPoint < 0.5) {
    float angle = radians(look.x);
    vec2 corner = corners[gl_VertexID & 3] * (6.8 * scale * pixelRatio);
    place += vec2(corner.x * cos(angle) + corner.y * sin(angle), corner.y * cos(angle) - corner.x * sin(angle)) * perPixel;
  }
  gl_Position = vec4(place, 0.0, 1.0);
  gl_PointSize = 2.0 * pixelRatio;
}
`;

export const plainFragmentShader = /* glsl */ `\
#version 300 es
#define SHADER_NAME vehicle-layer-plain
precision mediump float;
uniform vec4 ordinaryColor;
out vec4 fragColor;

void main(void) {
  fragColor = ordinaryColor;
}
`;

/** What every fragment shader begins with. */
const fragmentHead = (pass: "ordinary" | "special"): string => /* glsl */ `\
#version 300 es
#define SHADER_NAME vehicle-layer-fragment
precision highp float;
${uniforms}
${varyings(pass, "in")}
out vec4 fragColor;

// An arrowhead with a notch, its tip to the north of its own axes: how far p is outside the flanks and the notch.
float arrow(vec2 p, float r) {
  float x = abs(p.x);
  float flank = dot(vec2(x, p.y) - vec2(0.0, r), vec2(0.9298, 0.3681));
  float notch = dot(vec2(x, p.y) - vec2(0.0, -r * 0.42), vec2(-0.4856, -0.8742));
  return max(flank, notch);
}

// Puts a shape with its edge at distance d over what is there.
void cover(inout vec4 under, vec4 color, float d) {
  float a = color.a * clamp(0.5 - d, 0.0, 1.0);
  under = vec4(color.rgb * a + under.rgb * (1.0 - a), a + under.a * (1.0 - a));
}

float dashes(vec2 p, float count) {
  return step(0.38, fract(atan(p.x, p.y) / 6.2831853 * count));
}

// Corners around the vehicle that is marked.
void frame(inout vec4 color, vec2 p, float r) {
  vec2 q = abs(p);
  float corner = abs(max(q.x, q.y) - r * 1.45) - 1.1;
  cover(color, ordinaryColor, max(corner, r * 0.75 - min(q.x, q.y)));
}

vec2 pointPlace() {
  return vec2(2.0 * gl_PointCoord.x - 1.0, 1.0 - 2.0 * gl_PointCoord.y) * reach;
}

vec2 ahead(vec2 p) {
  return vec2(p.x * facing.y - p.y * facing.x, p.x * facing.x + p.y * facing.y);
}
`;

/** Ordinary vehicles are nearly all there are, so theirs does nothing that it need not. */
export const ordinaryFragmentShader = /* glsl */ `\
${fragmentHead("ordinary")}
void main(void) {
  float r = halfSize;
  vec2 p = pointPlace();
  float d = arrow(ahead(p), r * 0.92);
  if (d > 1.6 && chosen < 0.5) discard;
  vec4 color = vec4(0.0);
  cover(color, haloColor, d - 1.1);
  if (lost > 0.5) {
    cover(color, haloColor, d);
    cover(color, ordinaryColor, max(abs(d + 0.7) - 0.7, 0.5 - dashes(ahead(p), 9.0)));
  } else cover(color, ordinaryColor, d);
  if (chosen > 0.5) frame(color, p, r);
  if (color.a < 0.004) discard;
  fragColor = color;
}
`;

/** Exposed, locked and released ones. */
export const specialFragmentShader = /* glsl */ `\
${fragmentHead("special")}
float box(vec2 p, vec2 size, float corner) {
  vec2 q = abs(p) - size + corner;
  return length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - corner;
}

float segment(vec2 p, vec2 a, vec2 b) {
  vec2 ab = b - a;
  return length(p - a - ab * clamp(dot(p - a, ab) / dot(ab, ab), 0.0, 1.0));
}

void main(void) {
  float r = halfSize;
  vec2 p = pointPlace();
  vec4 color = vec4(0.0);
  bool hollow = lost > 0.5;

  if (kind < 1.5) {
    float ring = abs(length(p) - r * 0.84) - r * 0.13;
    cover(color, haloColor, length(p) - r * 1.06);
    cover(color, exposedColor, hollow ? max(ring, 0.5 - dashes(p, 10.0)) : ring);
    float d = arrow(ahead(p), r * 0.56);
    cover(color, ordinaryColor, hollow ? abs(d + 0.6) - 0.6 : d);
  } else if (kind < 2.5) {
    if (pulse >= 0.0) {
      vec4 wave = lockedColor;
      wave.a *= 1.0 - pulse;
      cover(color, wave, abs(length(p) - r * (1.0 + 1.5 * pulse)) - 1.6);
    }
    vec2 body = p + vec2(0.0, r * 0.26);
    float shackle = p.y > r * 0.12
      ? abs(length(p - vec2(0.0, r * 0.22)) - r * 0.37) - r * 0.1
      : max(abs(abs(p.x) - r * 0.37) - r * 0.1, abs(p.y - r * 0.05) - r * 0.2);
    float lock = box(body, vec2(r * 0.62, r * 0.48), r * 0.1);
    float whole = min(lock, shackle);
    cover(color, haloColor, whole - 2.0);
    cover(color, lockedColor, hollow ? max(whole, -(whole + 1.6)) : whole);
    if (hollow) cover(color, haloColor, max(whole + 1.6, 0.0 - 1.0));
    cover(color, hollow ? lockedColor : haloColor, min(length(body - vec2(0.0, r * 0.06)) - r * 0.13, box(body + vec2(0.0, r * 0.12), vec2(r * 0.05, r * 0.16), 0.0)));
  } else {
    cover(color, haloColor, length(p) - r * 0.92);
    cover(color, releasedColor, abs(length(p) - r * 0.78) - r * 0.07);
    float tick = min(segment(p, vec2(-0.38, 0.0) * r, vec2(-0.1, -0.3) * r), segment(p, vec2(-0.1, -0.3) * r, vec2(0.4, 0.32) * r));
    cover(color, releasedColor, tick - r * 0.12);
  }
  if (chosen > 0.5) frame(color, p, r);
  if (color.a < 0.004) discard;
  fragColor = color;
}
`;
