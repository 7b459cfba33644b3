// Package deploy holds what operators apply: the Slack app's manifest. It is
// Go only so that the binary can print it.
package deploy

import _ "embed"

// SlackManifest is the Slack app's manifest, in YAML.
//
//go:embed slack/manifest.yaml
var SlackManifest []byte
