type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/** A new element. Text goes in as text: nothing that a peer says becomes markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  setAttributes(made, attributes)
  made.append(...children)
  return made
}

/** `true` stands for an empty attribute, `false` and undefined for none. */
export function setAttributes(target: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) target.removeAttribute(name)
    else if (target.getAttribute(name) !== String(value)) target.setAttribute(name, value === true ? '' : String(value))
  }
}

/** Writes only what is new: an untouched text costs no layout and is not read out again. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text
}

/** The element of the page with that id; the page is wrong if there is none. */
export function byId<E extends Element>(id: string, kind: abstract new () => E): E {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new TypeError(`Expected index.html to have a ${kind.name} with the id ${id}`)
  return found
}

export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  setAttributes(svg, { class: 'icon', 'aria-hidden': 'true' })
  const use = document.createElementNS(SVG, 'use')
  use.setAttribute('href', `#icon-${name}`)
  svg.append(use)
  return svg
}

export const SVG = 'http://www.w3.org/2000/svg'
