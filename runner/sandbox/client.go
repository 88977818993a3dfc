package sandbox

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Client is an app client of a pool. As JSON it is an object, or its ID alone.
type Client struct {
	ID           string   `json:"id"`
	Secret       string   `json:"secret,omitempty"`       // empty: it has none, and takes no SECRET_HASH
	Flows        []string `json:"flows,omitempty"`        // that are enabled, such as "USER_PASSWORD_AUTH"; empty: all that there are
	NoRevocation bool     `json:"noRevocation,omitempty"` // RevokeToken is not enabled

	any bool // nobody has named it: it takes whatever secret there is
}

// plainClient is a Client without its methods.
type plainClient Client

// UnmarshalJSON reads an object, or a string, which is the ID.
func (c *Client) UnmarshalJSON(text []byte) error {
	*c = Client{}
	if bytes.HasPrefix(text, []byte(`"`)) {
		return json.Unmarshal(text, &c.ID)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode((*plainClient)(c))
}

// MarshalJSON shows the client without its secret.
func (c Client) MarshalJSON() ([]byte, error) {
	if c.Secret == "" && len(c.Flows) == 0 && !c.NoRevocation {
		return json.Marshal(c.ID)
	}
	if c.Secret != "" {
		c.Secret = "[secret]"
	}
	return json.Marshal(plainClient(c))
}

// flows are the flows by which a password can be tried, by operation.
var flows = map[string][]string{
	"InitiateAuth":      {"USER_PASSWORD_AUTH"},
	"AdminInitiateAuth": {"ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"}, // the second is what the first was called
}

func checkClients(p Pool) error {
	for _, c := range p.Clients {
		if c.ID == "" {
			return fmt.Errorf("pool %s: an app client without an ID", p.ID)
		}
		for _, flow := range c.Flows {
			if !slices.ContainsFunc([]string{"InitiateAuth", "AdminInitiateAuth"}, func(operation string) bool { return slices.Contains(flows[operation], flow) }) {
				return fmt.Errorf("pool %s: app client %s: the sandbox does not know the flow %q", p.ID, c.ID, flow)
			}
		}
	}
	return nil
}

// admits returns why the client does not serve a sign-in, or nil.
func (c *Client) admits(operation string, in *input) *Error {
	flow := in.AuthFlow
	if known := flows[operation]; !slices.Contains(known, flow) {
		return invalidParameter("The sandbox knows the flow %s only", known[0])
	}
	if len(c.Flows) > 0 && !slices.Contains(c.Flows, flow) {
		if operation == "AdminInitiateAuth" {
			flow = "Auth"
		}
		return invalidParameter("%s flow not enabled for this client", flow)
	}
	return c.verify(in.AuthParameters["USERNAME"], in.AuthParameters["SECRET_HASH"])
}

// verify checks a SECRET_HASH for a username, which is as it was sent: an alias
// has another hash than the username.
func (c *Client) verify(username, hash string) *Error {
	switch {
	case c.any:
		return nil
	case c.Secret == "" && hash != "":
		return &Error{codeNotAuthorized, fmt.Sprintf("Client %s is not configured for secret but secret hash was received", c.ID)}
	case c.Secret != "" && hash == "":
		return &Error{codeNotAuthorized, fmt.Sprintf("Client %s is configured with secret but SECRET_HASH was not received", c.ID)}
	case c.Secret != "" && !hmac.Equal([]byte(hash), []byte(secretHash(c.Secret, username, c.ID))):
		return &Error{codeNotAuthorized, fmt.Sprintf("Unable to verify secret hash for client %s", c.ID)}
	}
	return nil
}

// secretHash is what proves that one has a client's secret. Developer guide,
// "Computing secret hash values".
func secretHash(secret, username, clientID string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(username + clientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Challenge is what Cognito asks for after the right password, such as
// "SMS_MFA". SignIn returns it as an error.
type Challenge string

func (c Challenge) Error() string { return string(c) }

const newPasswordRequired Challenge = "NEW_PASSWORD_REQUIRED"

// ErrNewPasswordRequired is what SignIn returns for the right temporary
// password: Cognito would now ask for a new one.
var ErrNewPasswordRequired error = newPasswordRequired

// factors are the second factors that a user may have, each with the challenge
// of its name. The first is none.
var factors = []string{"", "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP", "MFA_SETUP"}

func parseFactor(name string) (uint8, error) {
	i := slices.Index(factors, name)
	if i < 0 {
		return 0, errors.New("want SMS_MFA, SOFTWARE_TOKEN_MFA, EMAIL_OTP or MFA_SETUP")
	}
	return uint8(i), nil
}
