package main

import (
	"io"
	"slices"

	"github.com/spf13/cobra"
)

// shells write what each shell wants, with or without what a flag is for.
var shells = map[string]func(root *cobra.Command, w io.Writer, describe bool) error{
	"bash": func(root *cobra.Command, w io.Writer, describe bool) error {
		return root.GenBashCompletionV2(w, describe)
	},
	"fish": func(root *cobra.Command, w io.Writer, describe bool) error {
		return root.GenFishCompletion(w, describe)
	},
	"powershell": func(root *cobra.Command, w io.Writer, describe bool) error {
		if describe {
			return root.GenPowerShellCompletionWithDesc(w)
		}
		return root.GenPowerShellCompletion(w)
	},
	"zsh": func(root *cobra.Command, w io.Writer, describe bool) error {
		if describe {
			return root.GenZshCompletion(w)
		}
		return root.GenZshCompletionNoDesc(w)
	},
}

var shellNames = []string{"bash", "fish", "powershell", "zsh"}

func newCompletion(sys *system) *cobra.Command {
	var bare bool
	cmd := &cobra.Command{
		Use: "completion SHELL", Short: "Print what a shell needs to complete commands",
		Long: `Print what a shell needs to complete commands, flags and their values: bash, fish,
powershell or zsh. Packages and archives of cogpass have these files already.

The examples make it so for every new shell; bash needs the package
bash-completion, and zsh "autoload -U compinit; compinit" in ~/.zshrc.`,
		Example: `  cogpass completion bash > ~/.local/share/bash-completion/completions/cogpass
  cogpass completion zsh > "${fpath[1]}/_cogpass"
  cogpass completion fish > ~/.config/fish/completions/cogpass.fish
  cogpass completion powershell >> $PROFILE
  source <(cogpass completion bash)     # in this shell only`,
		ValidArgs: shellNames,
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), knownShell),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return sys.stream(func(w io.Writer) error { return shells[args[0]](cmd.Root(), w, !bare) })
		},
	}
	cmd.Flags().BoolVar(&bare, "no-descriptions", false, "without what commands and flags are for")
	return cmd
}

func knownShell(_ *cobra.Command, args []string) error {
	if len(args) > 0 && !slices.Contains(shellNames, args[0]) {
		return usage("unknown shell: want bash, fish, powershell or zsh")
	}
	return nil
}
