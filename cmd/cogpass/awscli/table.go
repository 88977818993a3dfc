package awscli

import "io"

func printTable(w io.Writer, name string, v any) error { return nil }
func yamlText(s string, _ int) string                  { return s }
