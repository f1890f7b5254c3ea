// SPDX-License-Identifier: MIT
//
// The switch between the system's theme, light and dark. What is chosen stays in this browser.

const KEY = "hopaudit-theme";
const NEXT = { system: "light", light: "dark", dark: "system" };

function read() {
	return document.documentElement.dataset.theme ?? "system";
}

function write(theme) {
	if (theme === "system")
		delete document.documentElement.dataset.theme;
	else
		document.documentElement.dataset.theme = theme;
	try {
		if (theme === "system")
			localStorage.removeItem(KEY);
		else
			localStorage.setItem(KEY, theme);
	} catch {
		// It holds until the page is left.
	}
}

export function startTheme(button) {
	const show = () => {
		button.textContent = `Theme: ${read()}`;
		button.title = `Change to ${NEXT[read()]}`;
	};
	button.addEventListener("click", () => {
		write(NEXT[read()]);
		show();
	});
	show();
}
