// SPDX-License-Identifier: MIT
//
// Making elements. The only way in which this page makes any: text goes in as text, never as markup.

// Attributes that may be set; a name that is not here is a mistake, and none of these runs anything.
const ATTRIBUTES = new Set([
	"aria-controls", "aria-expanded", "aria-hidden", "aria-label", "aria-labelledby", "aria-posinset", "aria-pressed",
	"aria-selected", "aria-setsize", "class", "colspan", "datetime", "dir", "for", "hidden", "id", "open", "role", "scope",
	"tabindex", "title", "type",
]);

// el("p", {class: "dim"}, "text", node, null): null and undefined children are left out.
export function el(name, attributes = {}, ...children) {
	const node = document.createElement(name);
	for (const [key, value] of Object.entries(attributes)) {
		if (value === null || value === undefined || value === false)
			continue;
		if (!ATTRIBUTES.has(key))
			throw new Error(`attribute ${key} is not made here`);
		node.setAttribute(key, value === true ? "" : String(value));
	}
	add(node, ...children);
	return node;
}

export function add(node, ...children) {
	for (const child of children.flat(Infinity)) {
		if (child === null || child === undefined || child === false)
			continue;
		node.append(child instanceof Node ? child : document.createTextNode(String(child)));
	}
	return node;
}

export function fill(node, ...children) {
	node.replaceChildren();
	return add(node, ...children);
}

export function button(label, onclick, attributes = {}) {
	const node = el("button", { type: "button", ...attributes }, label);
	node.addEventListener("click", onclick);
	return node;
}

export function byId(id) {
	const node = document.getElementById(id);
	if (!node)
		throw new Error(`no element ${id}`);
	return node;
}
