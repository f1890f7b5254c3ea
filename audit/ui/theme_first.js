// SPDX-License-Identifier: MIT
//
// Before the first paint, so that a chosen theme does not flash in the other one's colours. No module: those come later.
try {
	const chosen = localStorage.getItem("hopaudit-theme");
	if (chosen === "light" || chosen === "dark")
		document.documentElement.dataset.theme = chosen;
} catch {
	// No storage here: the system's theme it is.
}
