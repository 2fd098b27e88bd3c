//go:build tools

// Package tools pins the Pulumi CLI that `make` builds where no suitable one is installed.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
