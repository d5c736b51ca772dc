"""An OpenID provider for tests in a separate process: Authlib's server, as an identity service runs it.

`python -m tests.oidc_provider REDIRECT_URI` prints its port. Every visitor is signed in as maria. After
`POST /fault/NAME` it makes one mistake: audience, nonce, expired, issuer, key, early; `no` ends that. `away` makes
its token endpoint answer 500. `POST /person` sets the claims of the person.
"""

import os
import sys
import time
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode, UserInfo
from flask import Flask, jsonify, request
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT_ID, CLIENT_SECRET = 'nysa', 'the secret of nysa'
KEY, OTHER_KEY = (RSAKey.generate_key(2048, {'kid': 'k1', 'alg': 'RS256', 'use': 'sig'}) for _ in range(2))

app = Flask(__name__)
state: dict[str, Any] = {'fault': '', 'codes': {}, 'issuer': '', 'redirect_uri': '', 'groups': ['web'], 'person': {}}


class OneClient(ClientMixin):
    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return state['redirect_uri']

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == state['redirect_uri']

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == 'client_secret_post'

    def check_response_type(self, response_type: str) -> bool:
        return response_type == 'code'

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == 'authorization_code'


class Code(AuthorizationCodeMixin):
    def __init__(self, asked: Any):
        self.asked = dict(asked.payload.data)
        self.code_challenge = self.asked.get('code_challenge')
        self.code_challenge_method = self.asked.get('code_challenge_method')

    def get_redirect_uri(self) -> str:
        return self.asked['redirect_uri']

    def get_scope(self) -> str:
        return self.asked['scope']

    def get_nonce(self) -> str:
        return 'another nonce' if state['fault'] == 'nonce' else self.asked['nonce']

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ('client_secret_post',)

    def save_authorization_code(self, code: str, asked: Any) -> None:
        state['codes'][code] = Code(asked)

    def query_authorization_code(self, code: str, client: Any) -> Code | None:
        return state['codes'].get(code)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        state['codes'] = {code: each for code, each in state['codes'].items() if each is not authorization_code}

    def authenticate_user(self, authorization_code: Code) -> str:
        return 'maria'


class IdToken(OpenIDCode):
    def exists_nonce(self, nonce: str, asked: Any) -> bool:
        return False

    def get_client_algorithm(self, client: Any) -> str:
        return 'RS256'

    def resolve_client_private_key(self, client: Any) -> Any:
        return OTHER_KEY if state['fault'] == 'key' else KEY

    def get_client_claims(self, client: Any) -> dict[str, Any]:
        lasts = -3600 if state['fault'] == 'expired' else 600
        issuer = 'https://other.example' if state['fault'] == 'issuer' else state['issuer']
        now = int(time.time())
        more = {'nbf': now + 3600} if state['fault'] == 'early' else {}
        return {'iss': issuer, 'iat': now, 'exp': now + lasts, 'auth_time': now, **more}

    def get_jwt_config(self, grant: Any, client: Any = None) -> dict[str, Any]:
        claims = self.get_client_claims(client)
        key = self.resolve_client_private_key(client)
        return {'key': key, 'alg': 'RS256', 'iss': claims['iss'], 'exp': claims['exp'] - claims['iat']}

    def get_audiences(self, asked: Any) -> list[str]:
        return ['another client'] if state['fault'] == 'audience' else [CLIENT_ID]

    def generate_user_info(self, user: str, scope: str) -> UserInfo:
        return UserInfo(**{'sub': 'u-1', 'preferred_username': user, 'groups': state['groups'], **state['person']})


@app.get('/.well-known/openid-configuration')
def configuration() -> Any:
    issuer = state['issuer']
    return jsonify(
        issuer=issuer,
        authorization_endpoint=f'{issuer}/authorize',
        token_endpoint=f'{issuer}/token',
        jwks_uri=f'{issuer}/keys',
        end_session_endpoint=f'{issuer}/end',
    )


@app.get('/keys')
def keys() -> Any:
    return jsonify(keys=[KEY.as_dict(private=False)])


@app.get('/authorize')
def authorize() -> Any:
    grant = server.get_consent_grant(end_user='maria')
    return server.create_authorization_response(grant_user='maria', grant=grant)


@app.post('/token')
def token() -> Any:
    if state['fault'] == 'away':
        return 'no', 500
    return server.create_token_response()


@app.post('/fault/<name>')
def fault(name: str) -> Any:
    state['fault'] = name
    return jsonify(name)


@app.post('/person')
def person() -> Any:
    state['person'] = request.get_json()
    return jsonify(state['person'])


@app.post('/groups')
def groups() -> Any:
    state['groups'] = request.get_json()
    return jsonify(state['groups'])


server = AuthorizationServer(app, query_client=lambda _: OneClient(), save_token=lambda *_: None)
server.register_grant(CodeGrant, [CodeChallenge(required=True), IdToken(require_nonce=True)])


def main() -> None:
    os.environ['AUTHLIB_INSECURE_TRANSPORT'] = '1'  # on loopback
    listening = make_server('127.0.0.1', 0, app, threaded=True)
    state['issuer'] = f'http://127.0.0.1:{listening.port}'
    state['redirect_uri'] = sys.argv[1]
    print(listening.port, flush=True)
    listening.serve_forever()


if __name__ == '__main__':
    main()
