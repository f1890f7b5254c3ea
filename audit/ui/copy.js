// SPDX-License-Identifier: MIT
//
// A button that copies a text. Where the browser gives no clipboard (plain HTTP that is not loopback), the text is
// selected instead, so that Ctrl-C is all that is left to do.

import { button } from "./dom.js";

const TOLD_MS = 1500;

function select(node) {
	const range = document.createRange();
	range.selectNodeContents(node);
	const selection = getSelection();
	selection.removeAllRanges();
	selection.addRange(range);
}

// `text` is what is copied; `node` is where it is shown.
export function copyButton(label, text, node, announce) {
	const made = button(label, async () => {
		try {
			await navigator.clipboard.writeText(text);
			made.textContent = "Copied";
		} catch {
			if (node)
				select(node);
			made.textContent = "Selected: press Ctrl-C";
		}
		announce(made.textContent);
		setTimeout(() => {
			made.textContent = label;
		}, TOLD_MS);
	}, { class: "quiet copy" });
	return made;
}
