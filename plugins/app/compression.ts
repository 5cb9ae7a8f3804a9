import '@fastify/accepts'
import { pipeline, Readable } from 'node:stream'
import { constants, createBrotliDecompress, createGunzip, createGzip, createInflate } from 'node:zlib'
import { errorCodes, type FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { UndecodableBodyError } from '../../services/problems/request-errors.ts'

declare module 'fastify' {
  interface FastifyReply {
    /** Answers with text that is read while it is sent, compressed if the client asks for that. */
    sendText: (text: AsyncIterable<string> | Iterable<string>) => FastifyReply
  }
}

const DECODERS = new Map([['gzip', createGunzip], ['x-gzip', createGunzip], ['deflate', createInflate], ['br', createBrotliDecompress]])

/**
 * Bodies that come compressed, and text that leaves so. Fastify bounds a body by what it unpacks to and reads no more
 * than that. zlib itself is enough: the streams of runs must stay as they are, and the text is flushed with every page.
 */
export default fp(async (fastify) => {
  fastify.addHook('preParsing', async ({ headers }, reply, payload) => {
    const coding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
    const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
    if (coding === 'identity' || !hasBody) return payload
    const createDecoder = DECODERS.get(coding)
    if (createDecoder === undefined) throw new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE(coding)
    const decoder = payload.pipe(createDecoder())
    const decoded = Readable.from(piecesOf(decoder, coding))
    // Without a reader, as after a refusal, the decoder would stay.
    reply.raw.once('close', () => decoded.destroy())
    return Object.defineProperty(decoded, 'receivedEncodedLength', { get: () => decoder.bytesWritten })
  })

  fastify.decorateReply('sendText', function (this: FastifyReply, text: AsyncIterable<string> | Iterable<string>) {
    const plain = Readable.from(text)
    this.header('vary', [this.getHeader('vary'), 'Accept', 'Accept-Encoding'].filter((name) => name !== undefined).join(', '))
    if (this.request.accepts().encoding(['gzip', 'identity']) !== 'gzip') return this.send(plain)
    const gzip = createGzip({ level: constants.Z_BEST_SPEED, flush: constants.Z_SYNC_FLUSH })
    pipeline(plain, gzip, () => {})
    return this.header('content-encoding', 'gzip').send(gzip)
  })
}, { name: 'compression', fastify: '5.x', dependencies: ['@fastify/accepts'] })

async function * piecesOf (decoder: AsyncIterable<Buffer>, coding: string): AsyncGenerator<Buffer, void, void> {
  try {
    yield * decoder
  } catch {
    throw new UndecodableBodyError(coding)
  }
}
