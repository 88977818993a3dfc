package awscli

import (
	"slices"

	"cogpass/runner/cognito"
)

// kind is the type of a member of a request.
type kind uint8

const (
	text    kind = iota // a string
	boolean             // a flag and its --no- form
	textMap             // strings by string
)

// member is one of an operation's input.
type member struct {
	name     string // as the API has it
	option   string // as the command line has it, without hyphens
	kind     kind
	required bool
	min      int    // of a text's length, in characters
	comment  string // beside it in a YAML skeleton
}

// operation is one of the two commands.
type operation struct {
	api     cognito.Operation
	command string
	members []member
}

var operations = []operation{
	{cognito.AdminSetUserPassword, "admin-set-user-password", []member{
		{name: "UserPoolId", option: "user-pool-id", required: true, min: 1, comment: "[REQUIRED] The user pool ID for the user pool where you want to set the user's password."},
		{name: "Username", option: "username", required: true, min: 1, comment: "[REQUIRED] The user name of the user whose password you want to set."},
		{name: "Password", option: "password", required: true, comment: "[REQUIRED] The password for the user."},
		{name: "Permanent", option: "permanent", kind: boolean, comment: " True if the password is permanent, False if it is temporary."},
	}},
	{cognito.AdminResetUserPassword, "admin-reset-user-password", []member{
		{name: "UserPoolId", option: "user-pool-id", required: true, min: 1, comment: "[REQUIRED] The user pool ID for the user pool where you want to reset the user's password."},
		{name: "Username", option: "username", required: true, min: 1, comment: "[REQUIRED] The user name of the user whose password you want to reset."},
		{name: "ClientMetadata", option: "client-metadata", kind: textMap, comment: "A map of custom key-value pairs that you can provide as input for any custom workflows that this action triggers."},
	}},
}

func operationOf(command string) (operation, bool) {
	for _, op := range operations {
		if op.command == command {
			return op, true
		}
	}
	return operation{}, false
}

// isMember reports whether a name is one of either operation's parameters.
func isMember(name string) bool {
	for _, op := range operations {
		if slices.ContainsFunc(op.members, func(m member) bool { return m.name == name }) {
			return true
		}
	}
	return false
}
