package awscli

import (
	_ "embed"
	"io"

	"cogpass/runner/cognito"
)

// The pages that help prints.
var (
	//go:embed help/service.txt
	serviceHelp string
	//go:embed help/set.txt
	setHelp string
	//go:embed help/reset.txt
	resetHelp string
	//go:embed help/global.txt
	globalHelp string
)

func (c *invocation) help() error {
	page := setHelp
	if c.op.api == cognito.AdminResetUserPassword {
		page = resetHelp
	}
	_, err := io.WriteString(c.streams.Out, page+globalHelp)
	return err
}
