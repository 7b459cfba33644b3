// Package page is the page of the sandbox: markup, style and scripts without a
// build step. The scripts speak to the sandbox's server only; start reading
// them at main.js.
package page

import "embed"

// Files has index.html and its parts.
//
//go:embed index.html style.css *.js
var Files embed.FS
