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
	_, err := io.WriteString(c.streams.Out, Help(c.op.command))
	return err
}

// Help returns the help of a command, by its name.
func Help(command string) string {
	page := setHelp
	if op, _ := operationOf(command); op.api == cognito.AdminResetUserPassword {
		page = resetHelp
	}
	return page + globalHelp
}
