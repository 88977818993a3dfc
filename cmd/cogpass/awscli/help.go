package awscli

import "io"

const serviceHelp = ""

func (c *invocation) help() error { _, err := io.WriteString(c.streams.Out, ""); return err }
