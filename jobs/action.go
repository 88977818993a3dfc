package jobs

import (
	"fmt"
	"slices"
)

// Action is what a task does to its user. The zero value is none. Its number
// stands in run files: a new action is added at the end.
type Action uint8

// The actions. What each is stands in the table below.
const (
	SetTemporary Action = iota + 1
	SetPermanent
	Reset
	SignOut
	Disable
	Enable
	Reinvite
)

// ActionSpec describes an action to all packages. Code that treats actions
// differently asks here, so that a new action is one new entry.
type ActionSpec struct {
	Name      string    // as a job file has it
	Operation string    // of the Cognito API
	Category  Category  // whose quota its requests draw on
	Password  bool      // it sets a password, which a task must have
	Permanent bool      // that password is for good: the user need not choose another
	Metadata  bool      // it takes ClientMetadata
	Message   bool      // it sends the user a message, by e-mail or SMS
	Active    bool      // it counts the user as monthly active on the bill
	AnyUser   bool      // it is also for users whose password another service has (EXTERNAL_PROVIDER)
	Leaves    Status    // the user's state afterwards; empty if it does not change
	Enables   bool      // the user is enabled afterwards
	Disables  bool      // the user is disabled afterwards
	SignsOut  bool      // it ends all of the user's sessions and no more, as the step beside an action does
	Doubt     DoubtRule // what to do about a request that got no answer

	// Refused returns why Cognito would refuse it for a user, as far as that is
	// certain; enable says that the user is enabled before it. nil: it would not.
	Refused func(user *User, enable bool, facts PoolFacts) string
}

// actions is the table of actions. Entry 0 is empty: no action.
var actions = [...]ActionSpec{
	SetTemporary: {Name: "set-temporary", Operation: "AdminSetUserPassword", Category: UserAccountRecovery,
		Password: true, Active: true, Leaves: ForceChangePassword, Doubt: RepeatSoon},
	SetPermanent: {Name: "set-permanent", Operation: "AdminSetUserPassword", Category: UserAccountRecovery,
		Password: true, Permanent: true, Active: true, Leaves: Confirmed, Doubt: RepeatSoon},
	Reset: {Name: "reset", Operation: "AdminResetUserPassword", Category: UserAccountRecovery,
		Metadata: true, Message: true, Leaves: ResetRequired, Doubt: LookFirst, Refused: resetRefused},
	SignOut: {Name: "sign-out", Operation: "AdminUserGlobalSignOut", Category: UserUpdate,
		Active: true, AnyUser: true, SignsOut: true, Doubt: Repeat},
	Disable: {Name: "disable", Operation: "AdminDisableUser", Category: UserUpdate,
		AnyUser: true, Disables: true, Doubt: Repeat},
	Enable: {Name: "enable", Operation: "AdminEnableUser", Category: UserUpdate,
		AnyUser: true, Enables: true, Doubt: Repeat},
	Reinvite: {Name: "reinvite", Operation: "AdminCreateUser", Category: UserCreation,
		Metadata: true, Message: true, Leaves: ForceChangePassword, Doubt: LookFirst, Refused: invitationRefused},
}

// Actions returns all actions, in the order in which they are shown.
func Actions() []Action {
	all := make([]Action, 0, len(actions)-1)
	for a := range actions[1:] {
		all = append(all, Action(a+1))
	}
	return all
}

// actionNames are the names of all actions.
func actionNames() []string {
	var names []string
	for _, a := range Actions() {
		names = append(names, a.String())
	}
	return names
}

// ParseAction returns the action of that name.
func ParseAction(name string) (Action, bool) {
	for _, a := range Actions() {
		if actions[a].Name == name {
			return a, true
		}
	}
	return 0, false
}

// Known reports whether there is such an action. Check it where a value comes
// from a file or another program: nothing is sent for an unknown action.
func (a Action) Known() bool { return a > 0 && int(a) < len(actions) }

// Spec returns the action's entry in the table: the zero ActionSpec, whose
// Operation is empty, where there is no such action.
func (a Action) Spec() ActionSpec {
	if !a.Known() {
		return ActionSpec{}
	}
	return actions[a]
}

// String returns the name that a job file uses.
func (a Action) String() string {
	if a.Known() {
		return actions[a].Name
	}
	return fmt.Sprintf("action(%d)", uint8(a))
}

// Sets reports whether the action sets a password.
func (a Action) Sets() bool { return a.Spec().Password }

// Category is a group of operations that share a quota: so many requests a
// second for an account and Region, over all its pools.
type Category string

// The categories, as the developer guide's page on quotas names them.
const (
	UserAccountRecovery Category = "UserAccountRecovery"
	UserAuthentication  Category = "UserAuthentication"
	UserCreation        Category = "UserCreation"
	UserList            Category = "UserList"
	UserPoolRead        Category = "UserPoolRead"
	UserRead            Category = "UserRead"
	UserToken           Category = "UserToken"
	UserUpdate          Category = "UserUpdate"
)

// SecretsManager is the quota that PutSecretValue and UpdateSecretVersionStage
// of AWS Secrets Manager share, one of which each phase of a hand-off there
// sends.
const SecretsManager Category = "SecretsManager"

// quotas are AWS's defaults, in requests a second. Sources: the developer
// guide, "Quotas in Amazon Cognito"; the user guide, "AWS Secrets Manager
// quotas".
var quotas = map[Category]float64{
	UserAccountRecovery: 30, UserAuthentication: 120, UserCreation: 50, UserList: 30,
	UserPoolRead: 15, UserRead: 120, UserToken: 120, UserUpdate: 25, SecretsManager: 50,
}

// Quota returns the category's default quota in requests a second, or 0 where
// there is no such category.
func (c Category) Quota() float64 { return quotas[c] }

// Status is a user's state in the pool.
type Status string

// The states.
const (
	Unconfirmed         Status = "UNCONFIRMED"
	Confirmed           Status = "CONFIRMED"
	ResetRequired       Status = "RESET_REQUIRED"
	ForceChangePassword Status = "FORCE_CHANGE_PASSWORD"
	ExternalProvider    Status = "EXTERNAL_PROVIDER"
)

// Known reports whether there is such a state, as far as is known here. One that
// is not proves nothing.
func (s Status) Known() bool { return slices.Contains(statuses, s) }

// DoubtRule says what to do about a request that was sent and not answered. The
// zero value is the careful choice.
type DoubtRule uint8

// The rules.
const (
	LookFirst  DoubtRule = iota // never again without proof that it was not carried out: it sends a message
	RepeatSoon                  // the same again within a minute; later the user may have chosen a password, so a look comes first
	Repeat                      // the same again, any time: doing it twice is doing it once
)
