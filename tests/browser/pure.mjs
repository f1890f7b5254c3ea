// SPDX-License-Identifier: MIT
//
// Loads a module of the page that needs no browser (and imports nothing) into Node.
import { readFile } from "node:fs/promises";

export const uiFolder = new URL("../../audit/ui/", import.meta.url);

export async function pure(name) {
	const source = await readFile(new URL(name, uiFolder), "utf8");
	return import(`data:text/javascript,${encodeURIComponent(source)}`);
}
