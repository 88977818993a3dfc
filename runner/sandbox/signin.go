package sandbox

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// SignIn tries a password as InitiateAuth would. It returns nil if the user gets
// tokens, ErrNewPasswordRequired if the password is right but temporary, or else
// an *Error.
func (s *Server) SignIn(poolID, username, password string) error {
	p := s.pool(poolID)
	if p == nil {
		return errPoolNotFound(poolID)
	}
	_, challenge, err := s.signIn(p, username, password)
	switch {
	case err != nil:
		return err
	case challenge:
		return ErrNewPasswordRequired
	}
	return nil
}

// signIn tries a password. challenge is true if it is right but temporary.
func (s *Server) signIn(p *pool, username, password string) (u *user, challenge bool, err *Error) {
	if u = p.find(username); u == nil {
		return nil, false, errWrongPassword
	}
	validity := time.Duration(p.description().TemporaryValidityDays) * 24 * time.Hour
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case !u.enabled:
		return nil, false, errUserDisabled
	case u.status == resetRequired:
		return nil, false, &Error{"PasswordResetRequiredException", "Password reset required for the user"}
	case u.status == externalProvider || u.password == "" || u.password != password:
		return nil, false, errWrongPassword
	case u.status == unconfirmed:
		return nil, false, &Error{"UserNotConfirmedException", "User is not confirmed."}
	case u.status != forceChangePassword:
		return u, false, nil
	case s.since(u.passwordAt) > validity:
		return nil, false, &Error{codeNotAuthorized, "Temporary password has expired and must be reset by an administrator."}
	}
	return u, true, nil
}

// since is the time since a time in milliseconds, by the server's clock.
func (s *Server) since(ms int64) time.Duration {
	return time.Duration(s.now().UnixMilli()-ms) * time.Millisecond
}

type tokens struct {
	AccessToken, IdToken, RefreshToken, TokenType string
	ExpiresIn                                     int
}

type signedIn struct {
	AuthenticationResult tokens
	ChallengeParameters  map[string]string
}

func (s *Server) initiateAuth(c *call) (any, *Error) {
	p := c.pool
	if c.in.AuthFlow != "USER_PASSWORD_AUTH" {
		return nil, invalidParameter("The sandbox knows the flow USER_PASSWORD_AUTH only")
	}
	username, password := c.in.AuthParameters["USERNAME"], c.in.AuthParameters["PASSWORD"]
	if username == "" || password == "" {
		return nil, invalidParameter("Missing required parameter USERNAME or PASSWORD")
	}
	u, challenge, err := s.signIn(p, username, password)
	if err != nil {
		return nil, err
	}
	if challenge {
		return map[string]any{
			"ChallengeName": ErrNewPasswordRequired.Error(), "Session": s.token(p, u, "session"),
			"ChallengeParameters": map[string]string{"USER_ID_FOR_SRP": u.name, "requiredAttributes": "[]", "userAttributes": "{}"},
		}, nil
	}
	return s.tokens(p, u), nil
}

func (s *Server) respondToAuthChallenge(c *call) (any, *Error) {
	p := c.pool
	if c.in.ChallengeName != ErrNewPasswordRequired.Error() {
		return nil, invalidParameter("The sandbox knows the challenge NEW_PASSWORD_REQUIRED only")
	}
	_, u, ok := s.holder(c.in.Session, "session")
	if !ok || p.find(c.in.ChallengeResponses["USERNAME"]) != u {
		return nil, &Error{codeNotAuthorized, "Invalid session for the user."}
	}
	return s.choose(p, u, c.in.ChallengeResponses["NEW_PASSWORD"], func() *Error {
		if u.status != forceChangePassword {
			return &Error{codeNotAuthorized, "Invalid session for the user, session is expired."}
		}
		return nil
	})
}

// choose sets the password that the user has chosen, if may allows it, and signs
// the user in.
func (s *Server) choose(p *pool, u *user, password string, may func() *Error) (any, *Error) {
	var wrong violations
	if wrong.secret("newPassword", password); len(wrong) > 0 {
		return nil, wrong.err()
	}
	policy := p.description().Policy
	err := func() *Error {
		u.mu.Lock()
		defer u.mu.Unlock()
		if err := may(); err != nil {
			return err
		}
		if err := s.setPassword(policy, u, password); err != nil {
			return err
		}
		u.status = confirmed
		return nil
	}()
	if err != nil {
		return nil, err
	}
	return s.tokens(p, u), nil
}

func (s *Server) forgotPassword(c *call, u *user) (any, *Error) {
	if err := s.sendCode(c, u, "forgot"); err != nil {
		return nil, err
	}
	medium, to := u.contact(c.about.Recovery)
	return map[string]any{"CodeDeliveryDetails": map[string]string{"DeliveryMedium": medium, "Destination": to[:1] + "***"}}, nil
}

func (s *Server) confirmForgotPassword(c *call) (any, *Error) {
	p := c.pool
	u := p.find(c.in.Username)
	if u == nil {
		return nil, errUserNotFound
	}
	_, err := s.choose(p, u, c.in.Password, func() *Error {
		switch {
		case u.code == "" || s.since(u.codeAt) > s.config.CodeLifetime:
			return &Error{"ExpiredCodeException", "Invalid code provided, please request a code again."}
		case u.code != c.in.ConfirmationCode:
			return &Error{"CodeMismatchException", "Invalid verification code provided, please try again."}
		}
		return nil
	})
	return nil, err
}

func (s *Server) changePassword(c *call) (any, *Error) {
	p, u, ok := s.holder(c.in.AccessToken, "access")
	if !ok {
		return nil, &Error{codeNotAuthorized, "Invalid Access Token"}
	}
	_, err := s.choose(p, u, c.in.ProposedPassword, func() *Error {
		if u.password != c.in.PreviousPassword {
			return errWrongPassword
		}
		return nil
	})
	return nil, err
}

func (s *Server) tokens(p *pool, u *user) signedIn {
	return signedIn{tokens{
		AccessToken: s.token(p, u, "access"), IdToken: s.token(p, u, "id"), RefreshToken: s.token(p, u, "refresh"),
		TokenType: "Bearer", ExpiresIn: 3600,
	}, map[string]string{}}
}

// token returns a token of a kind for u. It names its holder in the clear and is
// not signed: there is nothing here to guard.
func (s *Server) token(p *pool, u *user, kind string) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s %s %s %d", kind, p.id, u.sub, u.revoked))
}

// holder returns the holder of a token that is still valid.
func (s *Server) holder(token, kind string) (*pool, *user, bool) {
	text, err := base64.RawURLEncoding.DecodeString(token)
	parts := strings.Fields(string(text))
	if err != nil || len(parts) != 4 || parts[0] != kind {
		return nil, nil, false
	}
	p := s.pool(parts[1])
	if p == nil {
		return nil, nil, false
	}
	u := p.find(parts[2])
	if u == nil || s.token(p, u, kind) != token {
		return nil, nil, false
	}
	return p, u, true
}
