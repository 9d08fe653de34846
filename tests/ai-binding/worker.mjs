// Stands in for the `AI` binding of Workers AI where there is none.
//
// A Worker binds it by service name, and calls `env.AI.run(model, input, options)` as it would call
// the real one. Every run becomes a call of the REST route of the provider
// simulator at `env.PROVIDER_URL` (`http://127.0.0.1:PORT`, with or without `/v1`), with the key
// `env.PROVIDER_KEY` if it is set. No model is asked: every answer is made up.
//
// Like the binding, it answers with what stands in `result`, and throws an error without a status
// otherwise: the code stands in its message, as `3040: Capacity temporarily exceeded`, or behind its
// name, as `InferenceUpstreamError: 3040: Capacity temporarily exceeded`, for models whose name ends
// in `@prefixed`. `options.extraHeaders` are sent along. `options.returnRawResponse` gives the
// response itself, which like that of the service behind the binding has no envelope around a result
// and one object for an error.

import { WorkerEntrypoint } from 'cloudflare:workers';

const ACCOUNT = 'binding';

/** The error that the binding throws. */
class InferenceUpstreamError extends Error {
  constructor(message) {
    super(message);
    this.name = 'InferenceUpstreamError';
  }
}

export default class Ai extends WorkerEntrypoint {
  /**
   * Runs a model.
   *
   * @param {string} model as `@cf/author/name`
   * @param {object} input what the model takes: `messages` or `prompt`, and its parameters
   * @param {{extraHeaders?: object, returnRawResponse?: boolean}} [options]
   * @returns {Promise<unknown>} what the model answers
   */
  async run(model, input, options = {}) {
    const origin = this.env.PROVIDER_URL.replace(/\/(v1\/?)?$/, '');
    const path = `/client/v4/accounts/${ACCOUNT}/ai/run/${encodeURI(model)}`;
    const response = await fetch(origin + path, {
      method: 'POST',
      redirect: 'manual',
      body: JSON.stringify(input),
      headers: {
        ...options.extraHeaders,
        'content-type': 'application/json',
        authorization: `Bearer ${this.env.PROVIDER_KEY || ACCOUNT}`,
        'x-simulated-binding': 'run',
      },
    });
    const text = await response.text();
    if (options.returnRawResponse) {
      const { status, headers } = response;
      const body = withoutEnvelope(text, response.ok);
      return new Response(body, { status, headers: withoutLength(headers) });
    }
    if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
      return new Response(text).body;
    }
    const envelope = parsed(text);
    if (response.ok && envelope?.success === true) {
      return envelope.result;
    }
    if (response.ok && envelope?.success === undefined && envelope !== undefined) {
      return envelope;
    }
    throw failure(model, envelope, text);
  }

  /** The binding is called by its method, not over HTTP. */
  fetch() {
    return new Response('This Worker is a binding.\n', { status: 404 });
  }
}

/** The value of a JSON text; nothing where it is none. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What the service behind the binding says where the REST route has an envelope. */
function withoutEnvelope(text, ok) {
  const envelope = parsed(text);
  if (envelope?.success !== ok) {
    return text;
  }
  if (envelope.success) {
    return JSON.stringify(envelope.result);
  }
  const { code, message } = envelope.errors[0];
  const name = 'InferenceUpstreamError';
  return JSON.stringify({ internalCode: code, name, message, description: message });
}

/** The headers of a body that has another length now, and is not compressed any more. */
function withoutLength(headers) {
  const kept = [...headers].filter(([name]) => !['content-length', 'content-encoding'].includes(name));
  return new Headers(kept);
}

/** The error for what is no answer. */
function failure(model, envelope, text) {
  const error = envelope?.errors?.[0];
  const message = error ? `${error.code}: ${error.message}` : text;
  const prefixed = model.endsWith('@prefixed');
  return new InferenceUpstreamError(prefixed ? `InferenceUpstreamError: ${message}` : message);
}
